/** Chinese translations of the texts in the OpenAPI document. A test checks that none is missing. */
const TRANSLATIONS: Readonly<Record<string, string>> = {
  Images: '图片',
  'Upload, find, update and delete images.': '上传、查找、修改和删除图片。',
  Uploads: '大文件上传',
  'Resumable uploads of large files by tus 1.0.0, or of a whole file by PUT.':
    '用 tus 1.0.0 分块上传大文件，断线后可续传；也可以用一次 PUT 传完。',
  'Create a resumable upload': '开始分块上传',
  'Returns the URL for the file. Clients of tus send headers instead of a body.':
    '返回接收数据的地址。tus 客户端不发送请求体，同样的信息写在请求头里。',
  'Size of the file, in bytes.': '文件大小（字节）。',
  'Get the supported features of tus': '查询支持的 tus 功能',
  'Get an upload': '获取上传状态',
  'Id of the upload.': '上传 ID。',
  'The state of the upload, and its image. HEAD returns the state in headers, as in tus.':
    '上传的进度和结果。HEAD 以 tus 的响应头给出同样的信息。',
  'Upload a chunk': '发送一块数据',
  'Appends bytes at Upload-Offset. If the connection is lost, received bytes are kept: HEAD returns the offset.':
    '从 Upload-Offset 开始的数据。连接中断前收到的部分会保留，可用 HEAD 查询收到了多少。',
  'Version of tus.': 'tus 的版本。',
  'Offset of the chunk: the number of bytes sent before it.': '数据的起始位置，即之前已收到的字节数。',
  'Checksum of the chunk: sha1 or sha256, a space, and the digest in base64.':
    '这些数据的摘要：先写算法（sha1 或 sha256），再写 base64。',
  'Upload the whole file': '发送整个文件',
  'Sends the file in one request, replacing the bytes received before.':
    '在一个请求中发送全部数据，不论之前收到过什么。',
  'Delete an upload': '终止上传',
  'Deletes the received bytes; a created image stays. The response to clients of tus is 204.':
    '删除已收到的数据；已经生成的图片会保留。对 tus 客户端返回 204。',
  'Upload a chunk by POST': '在无法使用 PATCH 的网络中发送一块数据',
  'Executes the method in X-HTTP-Method-Override, for networks that block PATCH or DELETE.':
    '按 X-HTTP-Method-Override 写明的方法处理。',
  'Method to use instead of POST.': '实际要用的方法。',
  'The chunk does not continue the upload; get its current offset.':
    '数据的起始位置与上传进度不符：请先查询进度。',
  'The upload has expired: it received nothing for 24 hours.': '上传已过期：一天内没有收到任何数据。',
  'The header Tus-Resumable is missing, or not 1.0.0.': '请求使用的 tus 版本不是 1.0.0，或没有写明版本。',
  'Another request is using this upload; retry after Retry-After.':
    '另一个请求正在完成此上传；Retry-After 说明何时重试。',
  'The received bytes do not match their checksum and were discarded.': '数据与附带的校验和不符，没有保留。',
  Albums: '相册',
  'Groups of images. Images in a private album are private.': '放在一起的图片。私有相册中的图片不对外显示。',
  Categories: '分类',
  'Private categories for images. An image has at most one.': '图片的主题，每张图片最多一个。',
  Webhooks: 'Webhooks',
  'URLs that receive events.': '接收事件通知的地址。',
  Events: '事件',
  'Changes of your images and albums.': '发生过的事情。',
  Account: '账户',
  "The caller's account.": '发出请求的账户。',
  Pictures: '图片输出',
  'Delivery of image files: originals and variants.': '原图，或按参数处理后的图片。',
  'Upload an image': '上传图片',
  'A multipart form with one file. The format is detected from the content, not from the filename.':
    'multipart 表单，每次一个文件。文件类型以内容为准，与文件名无关。',
  'The image file: JPG, PNG, WebP or GIF.': '图片文件：JPG、PNG、WebP 或 GIF。',
  'Id of the album; null if it is in none.': '所属相册。',
  'Description.': '描述。',
  'Title.': '标题。',
  'Id of the category; null if it has none, and for everyone but its owner.': '所属分类，仅所有者可见。',
  'Tags: one per field, or several in one field, separated by commas.':
    '标签：每个字段一个，或在一个字段里用逗号分隔。',
  'Alias of image.': 'image 的别名。',
  'List images': '获取图片列表',
  'Your images, newest first, or those of an album. Filters are combined with AND.':
    '您自己的图片，或某个相册中的图片，最新的在前。给出的筛选条件须全部满足。',
  'Number of the page, from 1.': '页码，从 1 开始。',
  'Number of items per page, at most 100; larger values are reduced to that.':
    '每页数量，超过 100 按 100 计。',
  'Only images in this album.': '只看此相册。',
  'Only images of this category.': '只看此分类。',
  'Only images with this tag.': '只看带此标签的。',
  'Only images with this text in filename, title or description.': '文件名、标题或描述中含有此文字。',
  'Only images in one of these formats.': '只看这些格式。',
  'Only images created at this time or later; UTC unless it has a time zone.':
    '在此时间或之后创建的；不写时区即为 UTC。',
  'Only images created before this time.': '在此时间之前创建的。',
  'Only images at least this wide, in pixels.': '宽度不小于此像素数。',
  'Only images at least this high, in pixels.': '高度不小于此像素数。',
  'Only images at most this wide, in pixels.': '宽度不大于此像素数。',
  'Only images at most this high, in pixels.': '高度不大于此像素数。',
  'Only files of at least this size, in bytes.': '不少于这么多字节。',
  'Only files of at most this size, in bytes.': '不多于这么多字节。',
  'Only public images (true), or only private images (false).': '仅公开图片（true），或仅私有图片（false）。',
  'Get an image': '获取图片信息',
  'Id of the image.': '图片 ID。',
  'Update an image': '修改图片',
  'Updates the given fields. Null clears a field; for album_id it removes the image from its album.':
    '只修改请求体中写明的字段。null 清空字段，或把图片移出相册。',
  'Name of the file.': '文件名。',
  'Tags.': '标签。',
  'Delete an image': '删除图片',
  'Permanently deletes the original and its variants, before the response is sent.':
    '此操作不可逆转：响应发出之前，原图及其所有变换均已永久删除。',
  'List albums': '获取相册列表',
  'Newest first.': '您自己的，最新的在前。',
  'Create an album': '创建相册',
  'Albums are public unless is_public is false.': '默认公开，可用 is_public 指定。',
  'Name.': '名称。',
  'True if everyone with the link can see its images.': '有链接的人是否都能查看其中的图片。',
  'Get an album': '获取相册',
  'Id of the album.': '相册 ID。',
  'Update an album': '修改相册',
  'Updates the given fields. Images in a private album are visible only to you.':
    '只修改请求体中写明的字段。私有相册中的图片仅您可见。',
  'Delete an album': '删除相册',
  'Keeps its images unless delete_images is true, which also requires the scope images:write.':
    '其中的图片会保留，除非指定 delete_images；那时还需要 images:write。',
  'If true, the images in the album are deleted too.': '是否连同图片一起删除；默认保留图片。',
  'List categories': '获取分类列表',
  'Create a category': '创建分类',
  'Get a category': '获取分类',
  'Id of the category.': '分类 ID。',
  'Update a category': '修改分类',
  'Updates the given fields.': '只修改请求体中写明的字段。',
  'Delete a category': '删除分类',
  'Keeps its images.': '其中的图片会保留。',
  'List webhooks': '获取 Webhook 列表',
  'Create a webhook': '创建 Webhook',
  'The response has the secret for verifying payloads, which is returned only once.':
    '响应中有用于验证签名的密钥，仅显示这一次。',
  'URL that events are sent to.': '接收事件的地址。',
  'Types of events to send.': '要接收的事件。',
  'Description for its owner.': '备注。',
  'Get a webhook': '获取 Webhook',
  'Id of the webhook.': 'Webhook ID。',
  'Update a webhook': '修改 Webhook',
  'Updates the given fields. Set is_active to enable a disabled webhook.':
    '只修改请求体中写明的字段。已停用的可用 is_active 重新启用。',
  'True if events are sent.': '是否启用。',
  'Delete a webhook': '删除 Webhook',
  'Send a ping': '发送测试事件',
  'Sends a ping like any event; its result is listed in the deliveries.':
    'ping 与真实事件走同样的流程，结果可在投递记录中查看。',
  'Rotate the secret': '更换密钥',
  'The old secret remains valid for 24 hours.': '旧密钥在 24 小时内同时有效。',
  'List deliveries': '获取投递记录',
  'Deliveries with their attempts, newest first.': '发送的内容及每次尝试的结果，最新的在前。',
  'Only deliveries in this state.': '按投递状态筛选。',
  Redeliver: '重新投递',
  'Starts the delivery again, even if it has succeeded.': '从头开始投递，已成功的也可以。',
  'Id of the delivery.': '投递 ID。',
  'List events': '获取事件列表',
  'Events after a cursor, oldest first. A token sees the events that its scopes cover.':
    '从游标之后开始，最早的在前。令牌只能看到其权限范围内的事件。',
  'Cursor to continue after: `meta.next` of the previous page.': '从此游标之后继续：上一页的 `meta.next`。',
  'Only events of these types.': '只看这些类型的事件。',
  'Maximum number of events.': '最多多少条。',
  'Get your account': '获取账户信息',
  'Your account, with its usage and limits.': '用量与限额。',
  'Get the configuration of an upload client': '获取上传工具的配置',
  'A configuration file for uploading to this server. It includes the token of the request.':
    '使该工具上传到本服务器的文件，其中含有请求所用的令牌。',
  'The configuration file.': '该文件。',
  'Name of the upload client.': '工具名称。',
  'Get this document': '获取 OpenAPI 文档',
  'Get an image file': '获取图片',
  'Returns the original file, or a variant if there are parameters or another extension. Unknown parameters are ignored. Images in private albums are visible to their owner, and by signed URL.':
    '没有参数且扩展名不变时返回原图（逐字节一致），否则返回处理后的结果。不认识的参数会被忽略。私有相册中的图片仅供所有者本人和签名地址访问。',
  "`{id}` or `{id}.{ext}`, with the image's id. The extension is the format, unless `fm` is set. Further segments, such as `/harbour.webp`, are ignored.":
    '图片 ID：`{id}` 或 `{id}.{ext}`。未指定 `fm` 时以扩展名为格式。后面可附加便于阅读的部分，如 `/harbour.webp`，不影响结果。',
  'Width of the result in pixels.': '图片宽度（像素）。',
  '1 to 8192': '1 到 8192',
  "proportional to h, or the image's own": '按 h 等比缩放，或保持原宽',
  'Height of the result in pixels.': '图片高度（像素）。',
  "proportional to w, or the image's own": '按 w 等比缩放，或保持原高',
  "Fit to the requested width and height, as in sharp's resize. crop is an alias of cover.":
    '缩放模式，含义与 sharp 的 resize 相同；crop 等同于 cover。',
  'cover, contain, fill, inside, outside': 'cover, contain, fill, inside, outside',
  cover: 'cover',
  'The part of the image that cover keeps.': 'cover 裁剪时保留的部分。',
  'center, top, right, bottom, left, a corner such as top-left, or x,y with both from 0 to 1':
    'center、top、right、bottom、left，角落如 top-left，或 x,y（均为 0 到 1）',
  center: 'center',
  'Device pixel ratio: w and h are multiplied by it.': '屏幕像素比，w 和 h 会乘以它。',
  '1 to 4, decimals allowed': '1 到 4，可为小数',
  '1': '1',
  'Format of the result. jpeg is an alias of jpg; auto chooses by the Accept header.':
    '输出格式；jpeg 等同于 jpg，auto 按 Accept 请求头选择。',
  'jpg, png, webp, gif, avif, auto': 'jpg, png, webp, gif, avif, auto',
  "the extension in the path, else the original's format": '地址中的扩展名，否则为原图格式',
  'Quality of a lossy result, ignored for png and gif.': '压缩质量；对 png 和 gif 无效。',
  '1 to 100': '1 到 100',
  '80 for jpg and webp, 50 for avif': 'jpg 与 webp 为 80，avif 为 50',
  'Background for contain, and for transparent pixels in jpg.':
    'contain 的填充色，也是 jpg 中透明部分的底色。',
  'hex: rgb, rrggbb or rrggbbaa': '十六进制：rgb、rrggbb 或 rrggbbaa',
  'transparent; white for jpg': '透明；jpg 为白色',
  'Name of a preset of this server. Other parameters take precedence over it.':
    '本服务器预设的变换名称；同时给出的参数优先。',
  'If true, browsers save the file instead of displaying it.': '是否下载而不是显示。',
  'Expiry of a signed URL, in Unix seconds.': '签名地址的到期时间（Unix 秒）。',
  'Signature of a signed URL, which gives access to a private image.': '签名地址的签名，可用于查看私有图片。',
  'The image.': '图片。',
  'Format, unless `fm` is set.': '未指定 `fm` 时的格式。',
  "The request can't be parsed: invalid JSON or multipart, or a parameter out of range.":
    '请求参数错误：JSON 或 multipart 无法读取，或参数超出范围。',
  'The token is missing, unknown, revoked or expired.': '没有令牌，或令牌无效、已撤销、已过期。',
  'The token lacks a scope, named in the details; or you may see the object, but not change it.':
    '权限不足：令牌缺少 details 中写明的权限范围；或者您可以查看但无权修改。',
  'The object does not exist, or you may not see it.': '资源不存在，或您无权查看：两种情况的响应相同。',
  'The method is not supported here; the header Allow lists the supported ones.':
    '此地址不支持该方法；响应头 Allow 列出支持的方法。',
  'The file or the body is too large.': '文件或请求体超过大小限制。',
  'The file is not JPG, PNG, WebP or GIF, according to its content.':
    '不支持的文件格式：内容不是 JPG、PNG、WebP 或 GIF。',
  'A field is invalid; or the image is corrupt or has too many pixels.':
    '请求数据验证失败：字段有误，或图片损坏、像素过多。',
  'Too many requests; retry after Retry-After.': '请求频率超限；Retry-After 说明何时可以继续。',
  "Unexpected server error. The details have the request id, as in the server's log.":
    '服务器内部错误。响应中有可供查询日志的编号。',
  'The server is overloaded; retry after Retry-After.': '服务器繁忙，队列已满；Retry-After 说明何时重试。',
  "The account's quota is exhausted, or the disk is full.": '账户配额已用完，或磁盘已满。',
  'Limit of the window that is closest to exhaustion.': '剩余最少的时间窗口内的请求限制。',
  'Remaining requests in that window.': '该窗口内的剩余请求次数。',
  'Time at which that window is full again, in Unix seconds.': '速率限制重置时间（Unix 时间戳）。',
  'Remaining allowance, as in the IETF draft; `t` is the number of seconds until the reset.':
    '同样的信息，采用 IETF 草案的写法，含剩余秒数。',
  'All rate limits that counted the request.': '计入的所有时间窗口。',
  "Id of the request, as in the server's log.": '请求编号，服务器出错时可据此查询日志。',
  'Number of seconds to wait before retrying.': '多少秒后可以重试。',
  'Supported authentication scheme.': '应当使用的认证方式。',
  'An image was uploaded. `data` is the image as in the REST API, without `delete_url` and `category_id`.':
    '图片上传完成时触发。`data` 与 REST 中的图片相同，但不含 `delete_url` 和 `category_id`。',
  'An image was deleted. `data` is the image as it was; its URLs return 404 from now on.':
    '图片被删除时触发。`data` 是删除前的图片；其地址此后返回 404。',
  'An album was created. `data` is the album as in the REST API, without `cover_url`.':
    '相册创建时触发。`data` 与 REST 中的相册相同，但不含 `cover_url`。',
  'An album or its images changed. `data` is the current album, with `changes`, the names of what changed (`name`, `description`, `is_public`, `images`), and the ids `images_added` and `images_removed`: by a move, an upload or a deletion. Images leave an album before it is deleted.':
    '相册或其中的图片有变化时触发。`data` 是现在的相册，另有 `changes`（变化的字段：`name`、`description`、`is_public`、`images`）以及图片 ID 列表 `images_added` 和 `images_removed`（移动、上传或删除所致）。删除含有图片的相册之前，图片会先移出。',
  'A webhook was tested. `data` has `webhook_id` and a `message`.':
    '测试 Webhook 是否可达时触发。`data` 含 `webhook_id` 和 `message`。',
  'The receiver answered with a status of 2xx.': '接收方返回 2xx。',
  'The receiver answered with another status.': '接收方返回其他状态码。',
  'The receiver answered with a status of 3xx; redirects are not followed.': '接收方返回 3xx；不跟随重定向。',
  'The receiver answered 410: it wants nothing more, and the webhook was disabled.':
    '接收方返回 410：不再接收，Webhook 已停用。',
  'There was no answer within 10 seconds.': '10 秒内没有响应。',
  'The name was not found, nobody listened, or the connection was broken off.':
    '域名不存在、无人监听，或连接中断。',
  'The address is not a public one, so nothing was sent.': '不是公网地址，没有发送。',
  'Something went wrong on our side; the log has more.': '服务器内部错误，详见日志。',
  'at once': '立即',
};

const UNITS: Readonly<Record<string, string>> = { h: '小时', min: '分', s: '秒' };

/** Return the translation of a text, or of a duration such as `2 h 35 min 5 s`; undefined if there is none. */
export function translate(text: string): string | undefined {
  const words = text.split(' ');
  const isDuration = words.every((word, index) =>
    index % 2 ? word in UNITS : Number.isInteger(Number(word)),
  );
  if (isDuration && words.length > 1) return words.map((word) => UNITS[word] ?? word).join(' ');
  return TRANSLATIONS[text];
}
