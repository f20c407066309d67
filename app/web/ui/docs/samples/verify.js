import { createHmac, timingSafeEqual } from 'node:crypto';

export function verified(secret, headers, body) {
  const stamp = headers['webhook-timestamp'];
  if (!(Math.abs(Date.now() / 1000 - Number(stamp)) <= 300)) return false;
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const hmac = createHmac('sha256', key).update(`${headers['webhook-id']}.${stamp}.`).update(body);
  const expected = Buffer.from(`v1,${hmac.digest('base64')}`);
  return headers['webhook-signature'].split(' ').some((each) => {
    const given = Buffer.from(each);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
