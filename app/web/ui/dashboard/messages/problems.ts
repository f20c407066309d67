import { messages } from '../language';
import { inChinese } from './said';

/** By code: those of app/errors.py, those of trusted documents, and NETWORK where no answer came. */
export const problems = messages(
  {
    join: (title: string, details: string) => `${title}. ${details}`,
    /** What the server said in detail, in this language; null where it has no words for it. */
    translated: (sentence: string): string | null => sentence,
    titles: {
      NETWORK: 'The server could not be reached. Check the connection and try again',
      BAD_REQUEST: 'The server could not read the request',
      UNAUTHORIZED: 'Please sign in',
      FORBIDDEN: 'You may not do this',
      NOT_FOUND: 'It is not there any more',
      GONE: 'It waited too long and has expired',
      CONFLICT: 'Something else has been done with it meanwhile',
      LOCKED: 'Something else is being done with it just now',
      PRECONDITION_FAILED: 'The server does not speak this version of the protocol',
      CHECKSUM_MISMATCH: 'It was damaged on its way',
      PAYLOAD_TOO_LARGE: 'The file is too large',
      UNSUPPORTED_MEDIA_TYPE: 'This is not a picture that can be taken',
      VALIDATION_ERROR: 'Something in it is not right',
      RATE_LIMIT_EXCEEDED: 'That was too much in a short time',
      BUSY: 'The server is busy',
      INSUFFICIENT_STORAGE: 'There is no room left',
      INTERNAL_ERROR: 'Something went wrong on the server',
      DOCUMENT_NOT_TRUSTED: 'This page is older than the server. Load it anew',
    },
  },
  {
    join: (title, details) => `${title}。${details}`,
    translated: inChinese,
    titles: {
      NETWORK: '无法连接服务器，请检查网络后重试',
      BAD_REQUEST: '服务器无法理解该请求',
      UNAUTHORIZED: '请先登录',
      FORBIDDEN: '您没有权限执行此操作',
      NOT_FOUND: '内容已不存在',
      GONE: '等待时间过长，已过期',
      CONFLICT: '内容已被其他操作更改',
      LOCKED: '正在执行其他操作，请稍后再试',
      PRECONDITION_FAILED: '服务器不支持此协议版本',
      CHECKSUM_MISMATCH: '传输过程中数据已损坏',
      PAYLOAD_TOO_LARGE: '文件太大',
      UNSUPPORTED_MEDIA_TYPE: '不是受支持的图片',
      VALIDATION_ERROR: '填写的内容有误',
      RATE_LIMIT_EXCEEDED: '操作过于频繁',
      BUSY: '服务器繁忙，请稍后再试',
      INSUFFICIENT_STORAGE: '空间不足',
      INTERNAL_ERROR: '服务器出错了',
      DOCUMENT_NOT_TRUSTED: '页面版本过旧，请刷新',
    },
  },
);
