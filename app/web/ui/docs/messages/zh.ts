import type { Words } from './en';

const PERIODS: [seconds: number, name: string][] = [
  [86_400, '天'],
  [3_600, '小时'],
  [60, '分钟'],
  [1, '秒'],
];

function per(amount: string, period: number): string {
  const [seconds, name] = PERIODS.find(([length]) => period % length === 0)!;
  return period === seconds ? `每${name} ${amount} 次` : `每 ${period / seconds} ${name} ${amount} 次`;
}

export const zh: Words = {
  title: 'REST API 文档 · PicHub',
  language: '语言',
  contents: '目录',
  skip: '跳到正文',
  lede: '上传图片，用相册管理，以任意尺寸和格式展示，并在事情发生时得到通知。',
  base: '基础地址',
  links: { openapi: 'OpenAPI 3.1', swagger: 'Swagger UI', graphiql: 'GraphiQL' },
  failed: '文档加载失败，请刷新页面重试。',
  loading: '加载中……',
  copy: '复制',
  copied: '已复制',
  sections: {
    start: '快速开始',
    try: '交互式上传测试',
    auth: '身份认证',
    reference: '接口参考',
    pictures: '动态图片处理',
    limits: '限制',
    errors: '错误代码',
    webhooks: 'Webhooks',
    samples: '代码示例',
  },
  start: {
    steps: [
      ['获取令牌', '在命令行执行，或在 GraphiQL 中调用 createApiToken。令牌只显示一次。'],
      ['上传', '提交表单，文件放在 image 字段。响应中有图片地址。'],
      ['以任意尺寸展示', '在地址中写明要求；结果只生成一次，之后直接使用。'],
    ],
    token: 'pichub token create YOUR_NAME --preset everything',
  },
  tester: {
    about: '此表单会向本服务器发送真实请求。图片会一直保留，直到您删除它。',
    token: 'API 令牌',
    tokenHint: '仅保存在当前标签页中。',
    signedIn: (name) => `您已登录为 ${name}：不填令牌时以您本人的身份操作。`,
    nobody: '当前没有登录：请粘贴一个令牌。',
    drop: '将图片拖放到这里',
    choose: '选择文件',
    none: 'JPG、PNG、WebP 或 GIF',
    change: '换一个文件',
    optional: '可选',
    send: '发送',
    sending: '发送中……',
    needsFile: '请先选择文件。',
    request: '请求',
    response: '响应',
    waiting: '服务器的响应会显示在这里。',
    headers: '响应头',
    body: '响应体',
    asSent: '原始请求',
    asCurl: 'curl',
    took: (milliseconds) => `${milliseconds} 毫秒`,
    unreachable: '无法连接服务器。',
    open: '打开图片',
    preview: '刚上传的图片',
  },
  auth: {
    about: '每个 API 请求都要带上令牌。查看公开的图片不需要令牌。',
    session:
      '本服务器自己的页面也可以使用登录后的 Cookie；从其他网站的页面发来的、仅靠 Cookie 的请求会被拒绝。',
    scopes: '令牌带有权限范围，只能做范围内的事：',
    scope: '权限范围',
    opens: '可用接口',
  },
  reference: {
    about: '成功的响应都放在 data 里，列表另有 meta。点击任意一行展开。',
    parameters: '参数',
    fields: '请求体',
    answer: '响应示例',
    errors: '错误',
    scope: '权限范围',
    open: '无需认证',
    inSwagger: '在 Swagger UI 中试用',
    required: '必填',
    head: 'HEAD 的响应相同，只是没有响应体。',
  },
  table: {
    name: '名称',
    values: '取值',
    fallback: '默认',
    about: '说明',
    status: '状态码',
    code: '错误代码',
    what: '说明',
    limit: '限制',
    header: '响应头',
    example: '示例',
    event: '事件',
    attempt: '次数',
    after: '距上一次',
    since: '距事件发生',
    type: '类型',
  },
  pictures: {
    about: '在图片地址后加上参数，即可得到其他尺寸、裁剪方式和格式：',
    examples: '示例',
    notes: [
      '输出的图片方向已校正，使用 sRGB，不含 EXIF 与 GPS。GIF 与 WebP 动图输出为 gif 和 webp 时仍是动图。',
      '公开图片可缓存一年。私有相册中的图片只有所有者本人，或持有签名地址的人可以查看。',
      '不允许的取值返回 400，并说明允许的取值。不认识的参数会被忽略。',
    ],
  },
  limits: {
    about: '本服务器的限制。凡是计数的请求，响应头都会说明剩余额度，出错时也不例外。',
    policies: {
      api: '每个账户的请求',
      upload: '每个账户上传的文件',
      failures: '每个地址无效的令牌与密码',
      misses: '每个地址需要新生成的图片',
    },
    off: '不限',
    per,
    size: '单个文件大小',
    pixels: '宽 × 高 × 帧数',
    side: '宽或高',
    formats: '支持上传的格式',
    results: '支持输出的格式',
    headers: '响应头',
  },
  errors: {
    about: '所有错误都有同样的响应体。details 用一句话说明该怎么办；请求体字段有误时另有 fields。',
  },
  webhooks: {
    about: 'Webhook 是您自己的地址，事情发生时会收到通知，签名遵循 Standard Webhooks。',
    payload: '收到的内容',
    verify: '验证签名',
    verifyAbout: '密钥在创建时的响应中。请使用原始请求体，以恒定时间比较签名，并拒绝五分钟以前的请求。',
    attempts: '失败重试',
    attemptsAbout: '请在 10 秒内返回 2xx，否则会重试；同一事件可能送达两次，webhook-id 相同。',
    outcomes: '每次尝试的结果',
  },
  samples: {
    about: '以下代码可以直接运行：Node 20 或更高版本，装有 requests 的 Python，以及 shell。',
    names: {
      upload: '上传图片',
      large: '上传大文件：分块断点续传（npm install tus-js-client），或一次传完',
      list: '查找图片',
      album: '创建私有相册',
      delete: '删除图片',
    },
  },
};

/** What the server's own tables say. A test shows the page in Chinese and finds what is missing here. */
const TABLES: Readonly<Record<string, string>> = {
  Images: '图片',
  'Upload, find, change and delete images.': '上传、查找、修改和删除图片。',
  Uploads: '大文件上传',
  'Large files, in pieces and over connections that break, by tus 1.0.0; or whole, by one PUT.':
    '用 tus 1.0.0 分块上传大文件，断线后可续传；也可以用一次 PUT 传完。',
  'Begin an upload in pieces': '开始分块上传',
  'Gives the address for the bytes. A client of tus sends no body, and says the same by its headers.':
    '返回接收数据的地址。tus 客户端不发送请求体，同样的信息写在请求头里。',
  'Bytes.': '字节数。',
  'Ask what of tus is spoken here': '查询支持的 tus 功能',
  'Get an upload': '获取上传状态',
  'The id of the upload.': '上传 ID。',
  'Where it stands, and what it became. HEAD tells the same in the headers of tus.':
    '上传的进度和结果。HEAD 以 tus 的响应头给出同样的信息。',
  'Send a piece of the file': '发送一块数据',
  'Bytes from Upload-Offset on. What came before a connection breaks is kept; HEAD tells how much.':
    '从 Upload-Offset 开始的数据。连接中断前收到的部分会保留，可用 HEAD 查询收到了多少。',
  'The version of tus.': 'tus 的版本。',
  'Where the bytes begin: how many came before.': '数据的起始位置，即之前已收到的字节数。',
  'The digest of these bytes in base64, after its algorithm: sha1 or sha256.':
    '这些数据的摘要：先写算法（sha1 或 sha256），再写 base64。',
  'Send the whole file': '发送整个文件',
  'All bytes in one request, whatever came before.': '在一个请求中发送全部数据，不论之前收到过什么。',
  'End an upload': '终止上传',
  'What came of it goes; an image that it became stays. To a client of tus the answer is 204.':
    '删除已收到的数据；已经生成的图片会保留。对 tus 客户端返回 204。',
  'Send a piece where PATCH does not get through': '在无法使用 PATCH 的网络中发送一块数据',
  'Does what the method in X-HTTP-Method-Override does.': '按 X-HTTP-Method-Override 写明的方法处理。',
  'The method that is meant.': '实际要用的方法。',
  'The bytes of an upload do not begin where those before them end: ask where it stands.':
    '数据的起始位置与上传进度不符：请先查询进度。',
  'The upload has expired: no byte came for a day.': '上传已过期：一天内没有收到任何数据。',
  'The request speaks another version of tus than 1.0.0, or does not say which.':
    '请求使用的 tus 版本不是 1.0.0，或没有写明版本。',
  'Another request is finishing this upload; Retry-After says when to come back.':
    '另一个请求正在完成此上传；Retry-After 说明何时重试。',
  'The bytes do not have the checksum that came with them, and were not kept.':
    '数据与附带的校验和不符，没有保留。',
  Albums: '相册',
  'Images that belong together. A private album hides its images.':
    '放在一起的图片。私有相册中的图片不对外显示。',
  Categories: '分类',
  'What images are about; each has one at most.': '图片的主题，每张图片最多一个。',
  Webhooks: 'Webhooks',
  'Addresses that are told what happens.': '接收事件通知的地址。',
  Events: '事件',
  'What happened.': '发生过的事情。',
  Account: '账户',
  'The account that asks.': '发出请求的账户。',
  Pictures: '图片输出',
  'Images as they are shown: the original, or what the parameters make of it.':
    '原图，或按参数处理后的图片。',
  'Upload an image': '上传图片',
  'A multipart form with one file. What the file is, its bytes say, not its name.':
    'multipart 表单，每次一个文件。文件类型以内容为准，与文件名无关。',
  'The picture: JPG, PNG, WebP or GIF.': '图片文件：JPG、PNG、WebP 或 GIF。',
  'The album that it is in.': '所属相册。',
  'What it shows.': '图片描述。',
  'Its title.': '标题。',
  'Its category; only its owner is told.': '所属分类，仅所有者可见。',
  'Tags, one a field, or several in one field separated by commas.':
    '标签：每个字段一个，或在一个字段里用逗号分隔。',
  'Another name for image.': 'image 的别名。',
  'List images': '获取图片列表',
  'Your own, newest first, or those of an album. All filters that are given must hold.':
    '您自己的图片，或某个相册中的图片，最新的在前。给出的筛选条件须全部满足。',
  'Which page, from 1.': '页码，从 1 开始。',
  'How many there are on a page; more than 100 are cut down to that.': '每页数量，超过 100 按 100 计。',
  'Those in this album.': '只看此相册。',
  'Those of this category.': '只看此分类。',
  'Those with this tag.': '只看带此标签的。',
  'Those with this text in filename, title or description.': '文件名、标题或描述中含有此文字。',
  'Those in one of these formats.': '只看这些格式。',
  'Those of this time or later; without a zone it is UTC.': '在此时间或之后；不写时区即为 UTC。',
  'Those from before this time.': '在此时间之前。',
  'Those of this many pixels or more.': '不少于这么多像素。',
  'Those of this many pixels or fewer.': '不多于这么多像素。',
  'Those of this many bytes or more.': '不少于这么多字节。',
  'Those of this many bytes or fewer.': '不多于这么多字节。',
  'Those that everyone sees who has the link, or those that only you see.':
    '有链接即可查看的，或仅您可见的。',
  'Get an image': '获取图片信息',
  'The id of the image.': '图片 ID。',
  'Change an image': '修改图片',
  'Changes what the body names. Null empties a field, or takes the image out of its album.':
    '只修改请求体中写明的字段。null 清空字段，或把图片移出相册。',
  'What the file was called.': '文件名。',
  'Its tags.': '标签。',
  'Delete an image': '删除图片',
  'For ever: the original and all that was made of it are gone before the answer is sent.':
    '此操作不可逆转：响应发出之前，原图及其所有变换均已永久删除。',
  'List albums': '获取相册列表',
  'Your own, newest first.': '您自己的，最新的在前。',
  'Create an album': '创建相册',
  'Public, unless is_public says otherwise.': '默认公开，可用 is_public 指定。',
  'Its name.': '名称。',
  'What is in it.': '相册描述。',
  'Whether everyone who has the link sees its images.': '有链接的人是否都能查看其中的图片。',
  'Get an album': '获取相册',
  'The id of the album.': '相册 ID。',
  'Change an album': '修改相册',
  'Changes what the body names. A private album hides its images from all but you.':
    '只修改请求体中写明的字段。私有相册中的图片仅您可见。',
  'Delete an album': '删除相册',
  'Its images stay, unless delete_images says otherwise; then images:write is needed too.':
    '其中的图片会保留，除非指定 delete_images；那时还需要 images:write。',
  'Whether the images in it go too; else they stay.': '是否连同图片一起删除；默认保留图片。',
  'List categories': '获取分类列表',
  'Create a category': '创建分类',
  'What belongs to it.': '分类描述。',
  'Get a category': '获取分类',
  'The id of the category.': '分类 ID。',
  'Change a category': '修改分类',
  'Changes what the body names.': '只修改请求体中写明的字段。',
  'Delete a category': '删除分类',
  'Its images stay.': '其中的图片会保留。',
  'List webhooks': '获取 Webhook 列表',
  'Create a webhook': '创建 Webhook',
  'The answer has the secret that verifies what is sent. It is shown this once.':
    '响应中有用于验证签名的密钥，仅显示这一次。',
  'Where events are sent.': '接收事件的地址。',
  'Which events are sent.': '要接收的事件。',
  'Whatever its owner wants to say of it.': '备注。',
  'Get a webhook': '获取 Webhook',
  'The id of the webhook.': 'Webhook ID。',
  'Change a webhook': '修改 Webhook',
  'Changes what the body names. One that was disabled is made active again by is_active.':
    '只修改请求体中写明的字段。已停用的可用 is_active 重新启用。',
  'Whether anything is sent.': '是否启用。',
  'Delete a webhook': '删除 Webhook',
  'Send a ping': '发送测试事件',
  'A ping takes the whole way that events take; what came of it stands in the deliveries.':
    'ping 与真实事件走同样的流程，结果可在投递记录中查看。',
  'Change the secret': '更换密钥',
  'The old secret signs too for 24 hours.': '旧密钥在 24 小时内同时有效。',
  'List deliveries': '获取投递记录',
  'What was sent, and what came of each attempt, newest first.': '发送的内容及每次尝试的结果，最新的在前。',
  'Those that stand there.': '按投递状态筛选。',
  'Deliver again': '重新投递',
  'Starts anew, also with what succeeded.': '从头开始投递，已成功的也可以。',
  'The id of the delivery.': '投递 ID。',
  'List events': '获取事件列表',
  'What happened, oldest first, from a cursor on. A token sees the events that its scopes cover.':
    '从游标之后开始，最早的在前。令牌只能看到其权限范围内的事件。',
  'The cursor to go on after: `meta.next` of the page before.': '从此游标之后继续：上一页的 `meta.next`。',
  'Only events of these types.': '只看这些类型的事件。',
  'How many at most.': '最多多少条。',
  'Get your account': '获取账户信息',
  'What it uses, and what it may.': '用量与限额。',
  'Get a configuration of a tool that uploads': '获取上传工具的配置',
  'A file that makes the tool upload to this server, with the token in it that asks for it.':
    '使该工具上传到本服务器的文件，其中含有请求所用的令牌。',
  'The file.': '该文件。',
  'The tool.': '工具名称。',
  'Get this document': '获取 OpenAPI 文档',
  'Get a picture': '获取图片',
  'The original, byte for byte, where there is no parameter and no other extension; else what they make of it. Parameters that are not known are ignored. An image in a private album is there for its owner and for signed addresses.':
    '没有参数且扩展名不变时返回原图（逐字节一致），否则返回处理后的结果。不认识的参数会被忽略。私有相册中的图片仅供所有者本人和签名地址访问。',
  "The image's id, `{id}` or `{id}.{ext}`. The extension is the format, unless `fm` is given. A tail such as `/harbour.webp`, for people to read, is ignored.":
    '图片 ID：`{id}` 或 `{id}.{ext}`。未指定 `fm` 时以扩展名为格式。后面可附加便于阅读的部分，如 `/harbour.webp`，不影响结果。',
  'Width of the result in pixels.': '图片宽度（像素）。',
  '1 to 8192': '1 到 8192',
  "keeps the ratio to h, or the picture's own": '按 h 等比缩放，或保持原宽',
  'Height of the result in pixels.': '图片高度（像素）。',
  "keeps the ratio to w, or the picture's own": '按 w 等比缩放，或保持原高',
  "How the picture meets a box of other proportions, as in sharp's resize; crop is another word for cover.":
    '缩放模式，含义与 sharp 的 resize 相同；crop 等同于 cover。',
  'cover, contain, fill, inside, outside': 'cover, contain, fill, inside, outside',
  cover: 'cover',
  'Which part of the picture cover keeps.': 'cover 裁剪时保留的部分。',
  'center, top, right, bottom, left, a corner such as top-left, or x,y with both from 0 to 1':
    'center、top、right、bottom、left，角落如 top-left，或 x,y（均为 0 到 1）',
  center: 'center',
  'Pixels of the screen for one pixel of w and h, which are multiplied by it.':
    '屏幕像素比，w 和 h 会乘以它。',
  '1 to 4, decimals allowed': '1 到 4，可为小数',
  '1': '1',
  'Format of the result; jpeg is another word for jpg, and auto picks what the Accept header names.':
    '输出格式；jpeg 等同于 jpg，auto 按 Accept 请求头选择。',
  'jpg, png, webp, gif, avif, auto': 'jpg, png, webp, gif, avif, auto',
  "the extension in the path, else the original's format": '地址中的扩展名，否则为原图格式',
  'Quality of a lossy result; png and gif have none and ignore it.': '压缩质量；对 png 和 gif 无效。',
  '1 to 100': '1 到 100',
  '80 for jpg and webp, 50 for avif': 'jpg 与 webp 为 80，avif 为 50',
  'Colour that contain fills the box with, and that jpg shows where the picture is see-through.':
    'contain 的填充色，也是 jpg 中透明部分的底色。',
  'hex: rgb, rrggbb or rrggbbaa': '十六进制：rgb、rrggbb 或 rrggbbaa',
  'transparent; white for jpg': '透明；jpg 为白色',
  'The name of a transform that this server knows; what stands beside it wins.':
    '本服务器预设的变换名称；同时给出的参数优先。',
  'Whether browsers save it instead of showing it.': '是否下载而不是显示。',
  'The Unix second in which a signed address ends.': '签名地址的到期时间（Unix 秒）。',
  'The signature of a signed address: it shows what is private.': '签名地址的签名，可用于查看私有图片。',
  'The image.': '图片。',
  'The format, unless `fm` is given.': '未指定 `fm` 时的格式。',
  "The request can't be read: broken JSON or multipart, or a parameter that is out of range.":
    '请求参数错误：JSON 或 multipart 无法读取，或参数超出范围。',
  'There is no token, or it is unknown, revoked or expired.': '没有令牌，或令牌无效、已撤销、已过期。',
  'The token lacks a scope, which details name; or you may see the thing, and not change it.':
    '权限不足：令牌缺少 details 中写明的权限范围；或者您可以查看但无权修改。',
  'There is no such thing, or it is not yours to see: the two are not told apart.':
    '资源不存在，或您无权查看：两种情况的响应相同。',
  'This address does not take this method; the header Allow names those that it takes.':
    '此地址不支持该方法；响应头 Allow 列出支持的方法。',
  'The file or the body is larger than is taken.': '文件或请求体超过大小限制。',
  'The bytes are not JPG, PNG, WebP or GIF, whatever the name of the file says.':
    '不支持的文件格式：内容不是 JPG、PNG、WebP 或 GIF。',
  'The request was read, and a field of it is wrong; or the image is corrupt or too large.':
    '请求数据验证失败：字段有误，或图片损坏、像素过多。',
  'There were too many requests; Retry-After says when to go on.':
    '请求频率超限；Retry-After 说明何时可以继续。',
  'Our mistake. The answer has the id under which the log says more.':
    '服务器内部错误。响应中有可供查询日志的编号。',
  'All workers are taken, and so are the places to wait; Retry-After says when to come back.':
    '服务器繁忙，队列已满；Retry-After 说明何时重试。',
  "The account's quota is used up, or the disk is full.": '账户配额已用完，或磁盘已满。',
  'How many there may be in the window with the least left.': '剩余最少的时间窗口内的请求限制。',
  'How many more there may be in it.': '该窗口内的剩余请求次数。',
  'When all of them are back, in Unix seconds.': '速率限制重置时间（Unix 时间戳）。',
  "The same as the IETF's draft has it, with the seconds to go.":
    '同样的信息，采用 IETF 草案的写法，含剩余秒数。',
  'All windows that were counted in.': '计入的所有时间窗口。',
  'Under which the log has more, where something went wrong on our side.':
    '请求编号，服务器出错时可据此查询日志。',
  'Seconds after which it is worth asking again.': '多少秒后可以重试。',
  'What to send.': '应当使用的认证方式。',
  'An image was uploaded. `data` is the image as REST shows it, without `delete_url` and `category_id`.':
    '图片上传完成时触发。`data` 与 REST 中的图片相同，但不含 `delete_url` 和 `category_id`。',
  'An image was deleted. `data` is the image as it was; its addresses answer 404 from now on.':
    '图片被删除时触发。`data` 是删除前的图片；其地址此后返回 404。',
  'An album was made. `data` is the album as REST shows it, without `cover_url`.':
    '相册创建时触发。`data` 与 REST 中的相册相同，但不含 `cover_url`。',
  'An album was changed, or which images are in it. `data` is the album as it is now, with `changes`, the names of what changed (`name`, `description`, `is_public`, `images`), and the ids `images_added` and `images_removed`: by a move, an upload or a deletion. Before an album with images in it is deleted, they leave it.':
    '相册或其中的图片有变化时触发。`data` 是现在的相册，另有 `changes`（变化的字段：`name`、`description`、`is_public`、`images`）以及图片 ID 列表 `images_added` 和 `images_removed`（移动、上传或删除所致）。删除含有图片的相册之前，图片会先移出。',
  'Someone asked whether a webhook is reached. `data` is `webhook_id` and a `message`.':
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

const UNITS: Record<string, string> = { h: '小时', min: '分', s: '秒' };

/** Waits such as `2 h 35 min 5 s`, and everything that the tables say. */
export function said(text: string): string | undefined {
  if (/^(\d+ (h|min|s) ?)+$/.test(text)) return text.replace(/h|min|s/g, (unit) => UNITS[unit]!);
  return TABLES[text];
}
