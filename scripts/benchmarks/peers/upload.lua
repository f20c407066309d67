-- Posts one file as a form again and again; says in the end what it saw, as JSON. Arguments: path, field, file.
local body, headers, path

function init(args)
   path = args[1]
   local file = io.open(args[3], "rb")
   local bytes = file:read("*a")
   file:close()
   local bound = "----------------------------pichubbench"
   body = "--" .. bound .. '\r\nContent-Disposition: form-data; name="' .. args[2] ..
      '"; filename="photo.jpg"\r\nContent-Type: image/jpeg\r\n\r\n' .. bytes .. "\r\n--" .. bound .. "--\r\n"
   headers = { ["Content-Type"] = "multipart/form-data; boundary=" .. bound }
   for name, value in pairs(wrk.headers) do headers[name] = value end
end

function request()
   return wrk.format("POST", path, headers, body)
end

function done(summary, latency)
   local e = summary.errors
   io.write(string.format('\n{"requests":%d,"microseconds":%d,"bytes":%d,"p50":%d,"p99":%d,"errors":%d}\n',
      summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
      e.connect + e.read + e.write + e.status + e.timeout))
end
