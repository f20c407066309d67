/**
 * Texts of errors: by `params.reason` and the facts beside it, or else by code.
 * tests/browser/test_messages.py checks that they cover the reasons and codes of the server.
 */
import { formatBytes, formatNumber, formatPeriod, formatWait } from '../../base/format';
import { messages } from '../../base/language';

export type Params = Readonly<Record<string, unknown>>;
type Text = (params: Params) => string;

const englishReasons = {
  // Fields
  required: () => 'This field is required.',
  not_one_line: () => 'Enter a single line without control characters.',
  too_long: ({ limit, actual }) => `Use at most ${limit} characters. You entered ${actual}.`,
  too_short: ({ limit }) => `Use at least ${limit} characters.`,
  invalid_username: () =>
    'Use 3 to 64 characters: a–z, 0–9, dots, hyphens and underscores. Start with a letter or digit.',
  same_as_username: () => 'The password must differ from the username.',
  invalid_text: () => 'The text contains characters that can’t be stored.',
  not_utf8: () => 'The text is not valid UTF-8.',
  too_many_tags: ({ limit, actual }) => `Add at most ${limit} tags. You entered ${actual}.`,
  name_taken: ({ name }) => `The name “${name}” is already taken.`,
  wrong_password: () => 'Incorrect password.',
  invalid_invitation: ({ days }) =>
    `Invalid invitation code. It was used or revoked, or is older than ${days} days.`,
  too_many: ({ limit }) => `The limit of ${limit} is reached. Delete one first.`,
  choose_one: () => 'Select at least one.',
  scopes_or_preset: () => 'Select at least one permission.',
  not_in_future: () => 'Choose a time in the future.',
  out_of_range: ({ limit }) => `Enter a whole number up to ${limit}.`,
  invalid_time: () => 'Invalid time.',
  invalid_range: () => 'The start of the range is after its end.',
  invalid_parameter: ({ allowed }) => `Must be ${allowed}.`,
  no_such_object: () => 'Not found. It may have been deleted.',
  no_such_image: () => 'Image not found. It may have been deleted.',
  not_in_album: () => 'These images are not in the album.',
  last_admin: () => 'This is the last enabled admin. Create another one first.',
  invalid_url: () => 'Enter a full URL, such as https://example.com/hook.',
  not_public: () => 'The URL must resolve to a public address.',
  // Images
  truncated: () => 'The file is incomplete.',
  no_frames: () => 'The file contains no image.',
  undecodable: () => 'The image is corrupt and can’t be decoded.',
  invalid_palette: () => 'The colors of the image can’t be read.',
  out_of_memory: () => 'The image needs too much memory to process.',
  worker_crashed: () => 'Processing the image ran out of memory or crashed.',
  too_slow: ({ deadline }) =>
    `Processing the image took longer than ${deadline} seconds. Request a smaller result.`,
  too_many_frames: ({ limit }) => `The image has more than ${limit} frames.`,
  dimensions_too_large: ({ width, height, limit }) =>
    `The image is ${width} × ${height}. Neither side may exceed ${limit} pixels.`,
  too_many_pixels: ({ megapixels, limit }) =>
    `The image has ${formatNumber(Number(megapixels), 1)} megapixels. The maximum is ${limit}.`,
  unsupported_format: () => 'Unsupported file type. Upload a JPG, PNG, WebP or GIF.',
  too_large: ({ limit, actual }) =>
    actual
      ? `File too large. The maximum is ${bytes(limit)}; this file is ${bytes(actual)}.`
      : `File too large. The maximum is ${bytes(limit)}.`,
  stalled: ({ seconds }) => `The upload stalled: no data arrived for ${seconds} seconds.`,
  upload_expired: ({ hours }) =>
    `The upload expired after ${hours} hours without data. Upload the file again.`,
  too_many_pieces: ({ limit }) => `The upload has more than ${limit} chunks. Upload the file again.`,
  incomplete_file: () => 'Part of the uploaded data is missing. Upload the file again.',
  missing_piece: () => 'Part of the uploaded data is missing. Upload the file again.',
  // Accounts and limits
  not_owner: () => 'This belongs to another account.',
  foreign_page: () => 'Sign in on a page of this server.',
  not_found: () => 'Not found. It may have been deleted.',
  missing_scope: ({ scope }) => `This requires the scope ${scope}.`,
  rate_limited: ({ limit, period, retry_after }) =>
    `Rate limit exceeded: ${formatNumber(Number(limit))} per ${formatPeriod(Number(period))}. ` +
    `Try again in ${formatWait(Number(retry_after))}.`,
  over_quota: ({ used, quota }) =>
    `Storage quota exceeded: ${bytes(used)} of ${bytes(quota)} used. Delete some images first.`,
  disk_full: () => 'The server’s disk is full. Delete something first.',
  too_many_uploads: () => 'Too many unfinished uploads. Finish or cancel some first.',
  sign_up_closed: () => 'Sign-up is closed. Ask an admin for an account.',
  wrong_credentials: () => 'Incorrect username or password, or the account is disabled.',
  admin_only: () => 'Only admins can do this.',
  session_required: () => 'API tokens can’t do this. Sign in instead.',
  internal_error: ({ request_id }) => `Something went wrong on the server. Log entry: ${request_id}.`,
  // Temporary
  concurrent_changes: () => 'Someone else changed this at the same time. Try again.',
  lock_timeout: () => 'Another request is still processing this. Try again in a moment.',
  processing: () => 'The image is still being processed. Try again in a moment.',
  queue_full: () => 'The server is busy. Try again in a moment.',
  no_worker: () => 'The server is busy. Try again in a moment.',
  too_many_sign_ins: () => 'Too many people are signing in. Try again in a moment.',
  stopping: () => 'The server is restarting. Try again in a moment.',
  stored_too_late: () => 'Storing the file took too long. Upload it again.',
  storage_unreachable: () => 'The server can’t reach its storage. Try again in a moment.',
  database_unreachable: () => 'The server can’t reach its database. Try again in a moment.',
  outcome_unknown: () =>
    'The connection was lost during a change. Check if it was made before you try again.',
} satisfies Readonly<Record<string, Text>>;

const chineseReasons: Readonly<Record<keyof typeof englishReasons, Text>> = {
  // Fields
  required: () => '此项必填。',
  not_one_line: () => '只能是一行，不能包含控制字符。',
  too_long: ({ limit, actual }) => `最多 ${limit} 个字符，现在有 ${actual} 个。`,
  too_short: ({ limit }) => `至少 ${limit} 个字符。`,
  invalid_username: () =>
    '须为 3 到 64 个字符，可用小写字母 a–z、数字、点、连字符和下划线，并以字母或数字开头。',
  same_as_username: () => '不能与用户名相同。',
  invalid_text: () => '包含无法保存的字符。',
  not_utf8: () => '不是有效的 UTF-8 文本。',
  too_many_tags: ({ limit, actual }) => `最多 ${limit} 个标签，现在有 ${actual} 个。`,
  name_taken: ({ name }) => `名称“${name}”已被使用。`,
  wrong_password: () => '密码不正确。',
  invalid_invitation: ({ days }) => `邀请码无效：已被使用、已撤销，或已超过 ${days} 天。`,
  too_many: ({ limit }) => `最多 ${limit} 个，请先删除一个。`,
  choose_one: () => '请至少选择一项。',
  scopes_or_preset: () => '请至少选择一个权限。',
  not_in_future: () => '必须是将来的时间。',
  out_of_range: ({ limit }) => `必须是整数，最大为 ${limit}。`,
  invalid_time: () => '时间无效。',
  invalid_range: () => '范围无效：起点大于终点。',
  invalid_parameter: ({ allowed }) => `可用的值：${allowed}。`,
  no_such_object: () => '找不到该内容，它可能已被删除。',
  no_such_image: () => '找不到该图片，它可能已被删除。',
  not_in_album: () => '这些图片不在该相册中。',
  last_admin: () => '这是最后一个已启用的管理员，请先创建另一个。',
  invalid_url: () => '地址无效，须为完整网址，例如 https://example.com/hook。',
  not_public: () => '地址必须指向公网。',
  // Images
  truncated: () => '文件不完整。',
  no_frames: () => '文件中没有图像。',
  undecodable: () => '图片已损坏，无法解码。',
  invalid_palette: () => '图片的颜色无法读取。',
  out_of_memory: () => '处理这张图片需要的内存过多。',
  worker_crashed: () => '处理这张图片时内存不足或程序崩溃。',
  too_slow: ({ deadline }) => `处理时间超过 ${deadline} 秒，请缩小结果尺寸。`,
  too_many_frames: ({ limit }) => `帧数超过 ${limit}。`,
  dimensions_too_large: ({ width, height, limit }) =>
    `图片为 ${width} × ${height}，边长不能超过 ${limit} 像素。`,
  too_many_pixels: ({ megapixels, limit }) =>
    `图片有 ${formatNumber(Number(megapixels), 1)} 百万像素，最多允许 ${limit} 百万。`,
  unsupported_format: () => '不支持的文件类型。请上传 JPG、PNG、WebP 或 GIF。',
  too_large: ({ limit, actual }) =>
    actual
      ? `文件太大：最大为 ${bytes(limit)}，该文件为 ${bytes(actual)}。`
      : `文件太大：最大为 ${bytes(limit)}。`,
  stalled: ({ seconds }) => `上传中断：${seconds} 秒内没有收到数据。`,
  upload_expired: ({ hours }) => `${hours} 小时内没有收到数据，上传已被删除，请重新上传。`,
  too_many_pieces: ({ limit }) => `分块超过 ${limit} 个，请重新上传。`,
  incomplete_file: () => '部分数据已丢失，请重新上传。',
  missing_piece: () => '部分数据已丢失，请重新上传。',
  // Accounts and limits
  not_owner: () => '该内容属于其他账号。',
  foreign_page: () => '请在本服务器的页面上登录。',
  not_found: () => '找不到该内容，它可能已被删除。',
  missing_scope: ({ scope }) => `需要权限 ${scope}。`,
  rate_limited: ({ limit, period, retry_after }) =>
    `操作过于频繁：每${formatPeriod(Number(period))}最多 ${formatNumber(Number(limit))} 次，` +
    `请在 ${formatWait(Number(retry_after))}后重试。`,
  over_quota: ({ used, quota }) => `空间不足：配额 ${bytes(quota)}，已用 ${bytes(used)}。请先删除一些图片。`,
  disk_full: () => '服务器磁盘已满。请先删除一些内容。',
  too_many_uploads: () => '未完成的上传过多，请先完成或取消一些。',
  sign_up_closed: () => '此处不开放注册，请联系管理员。',
  wrong_credentials: () => '用户名或密码不正确，或账号已被停用。',
  admin_only: () => '仅限管理员。',
  session_required: () => 'API 令牌不能执行此操作，请登录。',
  internal_error: ({ request_id }) => `服务器出错了。日志编号：${request_id}。`,
  // Temporary
  concurrent_changes: () => '内容同时被其他操作更改，请重试。',
  lock_timeout: () => '另一个请求正在处理此内容，请稍后再试。',
  processing: () => '图片正在处理中，请稍后再试。',
  queue_full: () => '服务器繁忙，请稍后再试。',
  no_worker: () => '服务器繁忙，请稍后再试。',
  too_many_sign_ins: () => '同时登录的人过多，请稍后再试。',
  stopping: () => '服务器正在重启，请稍后再试。',
  stored_too_late: () => '保存文件用时过长，请重新上传。',
  storage_unreachable: () => '服务器无法访问存储，请稍后再试。',
  database_unreachable: () => '服务器无法访问数据库，请稍后再试。',
  outcome_unknown: () => '更改时连接中断，请先确认是否已生效再重试。',
};

interface Texts {
  /** The complete text of an error, by reason. */
  readonly reasons: Readonly<Record<string, Text>>;
  /** For reasons without a text; the server's English details follow. */
  readonly codes: Readonly<Record<string, string>>;
}

export const errors = messages<Texts>(
  {
    reasons: englishReasons,
    codes: {
      NETWORK: 'Can’t reach the server. Check your connection and try again.',
      BAD_REQUEST: 'Invalid request.',
      UNAUTHORIZED: 'Please sign in.',
      FORBIDDEN: 'You don’t have permission to do this.',
      NOT_FOUND: 'Not found. It may have been deleted.',
      GONE: 'This has expired.',
      CONFLICT: 'This was changed in the meantime. Reload the page and try again.',
      LOCKED: 'Another request is using this. Try again in a moment.',
      PRECONDITION_FAILED: 'Unsupported protocol version.',
      CHECKSUM_MISMATCH: 'The data was damaged in transit. Try again.',
      PAYLOAD_TOO_LARGE: 'File too large.',
      UNSUPPORTED_MEDIA_TYPE: 'Unsupported file type.',
      VALIDATION_ERROR: 'Please check your input.',
      RATE_LIMIT_EXCEEDED: 'Too many requests.',
      BUSY: 'The server is busy. Try again in a moment.',
      INSUFFICIENT_STORAGE: 'Not enough storage.',
      INTERNAL_ERROR: 'Something went wrong on the server.',
      DOCUMENT_NOT_TRUSTED: 'This page is outdated. Reload it.',
    },
  },
  {
    reasons: chineseReasons,
    codes: {
      NETWORK: '无法连接服务器，请检查网络后重试。',
      BAD_REQUEST: '请求无效。',
      UNAUTHORIZED: '请先登录。',
      FORBIDDEN: '您没有权限执行此操作。',
      NOT_FOUND: '找不到该内容，它可能已被删除。',
      GONE: '已过期。',
      CONFLICT: '内容已被其他操作更改，请刷新后重试。',
      LOCKED: '另一个请求正在使用此内容，请稍后再试。',
      PRECONDITION_FAILED: '服务器不支持此协议版本。',
      CHECKSUM_MISMATCH: '传输过程中数据已损坏，请重试。',
      PAYLOAD_TOO_LARGE: '文件太大。',
      UNSUPPORTED_MEDIA_TYPE: '不支持的文件类型。',
      VALIDATION_ERROR: '填写的内容有误。',
      RATE_LIMIT_EXCEEDED: '操作过于频繁。',
      BUSY: '服务器繁忙，请稍后再试。',
      INSUFFICIENT_STORAGE: '空间不足。',
      INTERNAL_ERROR: '服务器出错了。',
      DOCUMENT_NOT_TRUSTED: '页面版本过旧，请刷新。',
    },
  },
);

function bytes(size: unknown): string {
  return formatBytes(Number(size));
}
