-- Asks for one path after the other, of a file with a path a line; says in the end what it saw, as JSON.
local paths, at = {}, 0

function init(args)
   for line in io.lines(args[1]) do paths[#paths + 1] = line end
end

function request()
   at = at + 1
   return wrk.format("GET", paths[(at - 1) % #paths + 1])
end

function done(summary, latency)
   local e = summary.errors
   io.write(string.format('\n{"requests":%d,"microseconds":%d,"bytes":%d,"p50":%d,"p99":%d,"errors":%d}\n',
      summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
      e.connect + e.read + e.write + e.status + e.timeout))
end
