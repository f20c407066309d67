/**
 * What the server says in detail, in Chinese: it speaks English. Each sentence as it writes it, with its facts, and what is said
 * instead. tests/browser/test_messages.py holds the first column to the server's own words.
 */
type Say = (...facts: string[]) => string;

const SAID: readonly (readonly [RegExp, Say])[] = [
  [/^This field is required\.$/, () => '此项必填。'],
  [/^This must be one line, without control characters\.$/, () => '只能是一行，不能包含控制字符。'],
  [
    /^This may have (\d+) characters at most; it has (\d+)\.$/,
    (most, has) => `最多 ${most} 个字符，现在有 ${has} 个。`,
  ],
  [
    /^This must have (\d+) characters at least; it has (\d+)\.$/,
    (least, has) => `至少 ${least} 个字符，现在只有 ${has} 个。`,
  ],
  [
    /^This must have 3 to 64 characters, letters a-z, .*$/,
    () => '须为 3 到 64 个字符，可用小写字母 a–z、数字、点、连字符和下划线，并以字母或数字开头。',
  ],
  [/^This must be something else than the username\.$/, () => '不能与用户名相同。'],
  [/^This must be Unicode text without NUL characters or lone surrogates\.$/, () => '包含无法保存的字符。'],
  [
    /^There may be (\d+) tags at most; there are (\d+)\.$/,
    (most, has) => `最多 ${most} 个标签，现在有 ${has} 个。`,
  ],
  [/^This name is taken: (.*)\.$/, (name) => `用户名 ${name} 已被使用。`],
  [/^You have a category of this name already: (.*)\.$/, (name) => `已有名为 ${name} 的分类。`],
  [/^This is not your password\.$/, () => '密码不正确。'],
  [/^Signing up here needs an invitation: ask an admin for one\.$/, () => '注册需要邀请码，请向管理员索取。'],
  [
    /^It does not hold: it was used, revoked, or is older than (\d+) days\.$/,
    (days) => `邀请码无效：已被使用、已撤销，或已超过 ${days} 天。`,
  ],
  [
    /^An account may have (\d+) webhooks; delete one first\.$/,
    (most) => `每个账号最多 ${most} 个 Webhook，请先删除一个。`,
  ],
  [
    /^There is no (\w+) .*, or it is not yours to see$/,
    (kind) => `找不到该${KINDS[kind!] ?? '内容'}，它可能已被删除。`,
  ],
  [/^Maximum (.*) size is (.*?)\. Your .* is larger than that\.$/, (_, most) => `最大为 ${most}。`],
  [
    /^Maximum (.*) size is (.*?)\. Your .* is (.*)\.$/,
    (_, most, size) => `最大为 ${most}，该文件为 ${size}。`,
  ],
  [/^A picture must be JPG, PNG, WebP or GIF\. .*$/, () => '请使用 JPG、PNG、WebP 或 GIF。'],
  [
    /^The limit '(.*)' is ([\d,]+) in (.*)\. Try again in (.*)\.$/,
    (_, most, period, wait) => `每 ${time(period!)}最多 ${most} 次，请在 ${time(wait!)}后重试。`,
  ],
  [
    /^Your account uses (.*) of its quota of (.*?); your (?:file|upload) has (.*)\. Delete something first\.$/,
    (used, quota, size) => `配额 ${quota} 已用 ${used}，该文件为 ${size}。请先删除一些图片。`,
  ],
  [
    /^Your account uses (.*) of its quota of (.*?)\. Delete something first\.$/,
    (used, quota) => `配额 ${quota} 已用 ${used}。请先删除一些图片。`,
  ],
  [
    /^The disk has (.*) left, and (.*) are kept free\. Delete something first\.$/,
    (left, kept) => `磁盘剩余 ${left}，须保留 ${kept}。请先删除一些内容。`,
  ],
  [/^The disk is full$/, () => '磁盘已满。'],
  [/^It ends in its header$/, () => '文件不完整。'],
  [/^It is cut off$/, () => '文件不完整。'],
  [/^It has no (?:frame|picture in it)$/, () => '文件中没有图像。'],
  [/^It begins like a picture and can't be decoded$/, () => '图片已损坏，无法解码。'],
  [/^It needs more memory than one picture may have$/, () => '处理这张图片需要的内存过多。'],
  [/^Its worker ran out of memory or crashed on it$/, () => '处理这张图片时内存不足。'],
  [
    /^It takes longer than (.*) seconds; ask for a smaller result$/,
    (most) => `处理时间超过 ${most} 秒，请缩小结果尺寸。`,
  ],
  [/^It has more than (\d+) frames$/, (most) => `帧数超过 ${most}。`],
  [
    /^It is (\d+) × (\d+); neither side may pass (\d+) pixels$/,
    (width, height, most) => `图片为 ${width} × ${height}，边长不能超过 ${most} 像素。`,
  ],
  [
    /^It is (.*?) = (.*) megapixels; (.*) are allowed$/,
    (_, has, most) => `图片有 ${has} 百万像素，最多允许 ${most} 百万。`,
  ],
  [/^The upload stalled: no byte came for (.*) s$/, (most) => `上传中断：${most} 秒内没有收到数据。`],
  [/^This needs the scope (.*); your token has: .*$/, (scope) => `需要权限 ${scope}。`],
  [
    /^Nobody can sign up here by themselves; ask an admin for an account$/,
    () => '此处不开放注册，请联系管理员。',
  ],
  [/^This is our mistake, not yours\. The log has more under (.*)$/, (id) => `日志编号：${id}。`],
];

const KINDS: Readonly<Record<string, string>> = {
  image: '图片',
  album: '相册',
  category: '分类',
  webhook: ' Webhook',
  token: '令牌',
  session: '登录会话',
  delivery: '投递记录',
};

const UNITS: Readonly<Record<string, string>> = { second: '秒', minute: '分钟', hour: '小时', day: '天' };

function time(english: string): string {
  return english.replace(/ ?(second|minute|hour|day)s?/g, (_, unit: string) => ` ${UNITS[unit]}`).trim();
}

/** 50MB as all other sizes on the page are written: 50 MB. */
function spaced(fact: string): string {
  return fact.replace(
    /^([\d.]+)(K|M)B$/,
    (_, number: string, unit: string) => `${number} ${unit === 'K' ? 'k' : unit}B`,
  );
}

/** Null where nobody has translated it. */
export function inChinese(sentence: string): string | null {
  for (const [pattern, say] of SAID) {
    const found = pattern.exec(sentence);
    if (found) return say(...found.slice(1).map(spaced));
  }
  return null;
}
