/**
 * Translations of the server's errors, by `params.reason` and the facts beside it. The server's own text is English, and is
 * shown where a reason has no translation. tests/browser/test_messages.py checks the reasons against the server's.
 */
import type { Language } from './language';

export type Params = Readonly<Record<string, unknown>>;
type Translate = (params: Params) => string;

const zh: Readonly<Record<string, Translate>> = {
  // fields
  required: () => '此项必填。',
  not_one_line: () => '只能是一行，不能包含控制字符。',
  too_long: ({ limit, actual }) => `最多 ${limit} 个字符，现在有 ${actual} 个。`,
  too_short: ({ limit, actual }) => `至少 ${limit} 个字符，现在只有 ${actual} 个。`,
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
  choose_one: ({ allowed }) => `请至少选择一项：${allowed}。`,
  scopes_or_preset: () => '请至少选择一个权限或预设。',
  not_in_future: () => '必须是将来的时间。',
  out_of_range: ({ limit }) => `必须是整数，最大为 ${limit}。`,
  invalid_time: () => '时间无效。',
  invalid_range: () => '范围无效：起点大于终点。',
  no_such_object: () => '找不到该内容，它可能已被删除。',
  no_such_image: () => '找不到该图片，它可能已被删除。',
  not_in_album: () => '这些图片不在该相册中。',
  last_admin: () => '这是最后一个已启用的管理员，请先创建另一个。',
  invalid_url: () => '地址无效，须为 https:// 开头的完整网址。',
  not_public: () => '地址必须指向公网。',
  // images
  truncated: () => '文件不完整。',
  no_frames: () => '文件中没有图像。',
  undecodable: () => '图片已损坏，无法解码。',
  invalid_palette: () => '图片的颜色无法读取。',
  out_of_memory: () => '处理这张图片需要的内存过多。',
  worker_crashed: () => '处理这张图片时内存不足。',
  too_slow: ({ deadline }) => `处理时间超过 ${deadline} 秒，请缩小结果尺寸。`,
  too_many_frames: ({ limit }) => `帧数超过 ${limit}。`,
  dimensions_too_large: ({ width, height, limit }) =>
    `图片为 ${width} × ${height}，边长不能超过 ${limit} 像素。`,
  too_many_pixels: ({ megapixels, limit }) => `图片有 ${megapixels} 百万像素，最多允许 ${limit} 百万。`,
  unsupported_format: () => '请使用 JPG、PNG、WebP 或 GIF。',
  too_large: ({ limit, actual }) =>
    actual ? `最大为 ${size(limit)}，该文件为 ${size(actual)}。` : `最大为 ${size(limit)}。`,
  stalled: ({ seconds }) => `上传中断：${seconds} 秒内没有收到数据。`,
  upload_expired: ({ hours }) => `${hours} 小时内没有收到数据，上传已被删除，请重新上传。`,
  too_many_pieces: ({ limit }) => `一次上传最多 ${limit} 个分块，请用更大的分块重新上传。`,
  incomplete_file: () => '部分数据已丢失，请重新上传。',
  missing_piece: () => '部分数据已丢失，请重新上传。',
  // accounts and limits
  not_owner: () => '该内容属于其他账号。',
  foreign_page: () => '请在本服务器的页面上登录。',
  not_found: () => '找不到该内容，它可能已被删除。',
  missing_scope: ({ scope }) => `需要权限 ${scope}。`,
  rate_limited: ({ limit, period, retry_after }) =>
    `每 ${duration(period)}最多 ${limit} 次，请在 ${duration(retry_after)}后重试。`,
  over_quota: ({ used, quota }) => `配额 ${size(quota)} 已用 ${size(used)}。请先删除一些图片。`,
  disk_full: () => '磁盘已满。请先删除一些内容。',
  too_many_uploads: () => '未完成的上传过多，请先完成或取消一些。',
  sign_up_closed: () => '此处不开放注册，请联系管理员。',
  wrong_credentials: () => '请检查用户名和密码；账号也可能已被停用。',
  admin_only: () => '仅限管理员。',
  session_required: () => '请使用登录会话，API 令牌不能执行此操作。',
  internal_error: ({ request_id }) => `日志编号：${request_id}。`,
};

const TRANSLATIONS: Readonly<Record<Language, Readonly<Record<string, Translate>>>> = { en: {}, zh };

/** The error in this language; null if its reason has no translation. */
export function translateError(language: Language, params: Params): string | null {
  return TRANSLATIONS[language][String(params['reason'])]?.(params) ?? null;
}

function size(bytes: unknown): string {
  const megabytes = Number(bytes) / 1024 / 1024;
  return megabytes < 1 ? `${Math.ceil(Number(bytes) / 1024)} kB` : `${Math.round(megabytes * 10) / 10} MB`;
}

function duration(seconds: unknown): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400, '天'],
    [3_600, '小时'],
    [60, '分钟'],
    [1, '秒'],
  ];
  const [length, unit] = units.find(([length]) => Number(seconds) % length === 0)!;
  return `${Number(seconds) / length} ${unit}`;
}
