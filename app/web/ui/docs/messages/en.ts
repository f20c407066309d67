/** What the page itself says. What the server's tables say comes from the server. */
export interface Words {
  title: string;
  language: string;
  contents: string;
  skip: string;
  lede: string;
  base: string;
  links: { openapi: string; swagger: string; graphiql: string };
  failed: string;
  loading: string;
  copy: string;
  copied: string;
  sections: Record<
    'start' | 'try' | 'auth' | 'reference' | 'pictures' | 'limits' | 'errors' | 'webhooks' | 'samples',
    string
  >;
  start: { steps: [title: string, text: string][]; token: string };
  tester: {
    about: string;
    token: string;
    tokenHint: string;
    signedIn: (name: string) => string;
    nobody: string;
    drop: string;
    choose: string;
    none: string;
    change: string;
    optional: string;
    send: string;
    sending: string;
    needsFile: string;
    request: string;
    response: string;
    waiting: string;
    headers: string;
    body: string;
    asSent: string;
    asCurl: string;
    took: (milliseconds: number) => string;
    unreachable: string;
    open: string;
    preview: string;
  };
  auth: { about: string; session: string; scopes: string; scope: string; opens: string };
  reference: {
    about: string;
    parameters: string;
    fields: string;
    answer: string;
    errors: string;
    scope: string;
    open: string;
    inSwagger: string;
    required: string;
    head: string;
  };
  table: Record<
    'name' | 'values' | 'fallback' | 'about' | 'status' | 'code' | 'what' | 'limit' | 'header',
    string
  > &
    Record<'example' | 'event' | 'attempt' | 'after' | 'since' | 'type', string>;
  pictures: { about: string; examples: string; notes: string[] };
  limits: {
    about: string;
    policies: Record<'api' | 'upload' | 'failures' | 'misses', string>;
    off: string;
    per: (amount: string, period: number) => string;
    size: string;
    pixels: string;
    side: string;
    formats: string;
    results: string;
    headers: string;
  };
  errors: { about: string };
  webhooks: {
    about: string;
    payload: string;
    verify: string;
    verifyAbout: string;
    attempts: string;
    attemptsAbout: string;
    outcomes: string;
  };
  samples: { about: string; names: Record<'upload' | 'large' | 'list' | 'album' | 'delete', string> };
}

const PERIODS: [seconds: number, name: string][] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
];

function per(amount: string, period: number): string {
  const [seconds, name] = PERIODS.find(([length]) => period % length === 0)!;
  return period === seconds
    ? `${amount} ${name === 'hour' ? 'an' : 'a'} ${name}`
    : `${amount} in ${period / seconds} ${name}s`;
}

export const en: Words = {
  title: 'REST API · PicHub',
  language: 'Language',
  contents: 'Contents',
  skip: 'Skip to the text',
  lede: 'Upload images, keep them in albums, show them in any size and format, and be told what happens.',
  base: 'Base address',
  links: { openapi: 'OpenAPI 3.1', swagger: 'Swagger UI', graphiql: 'GraphiQL' },
  failed: 'The documentation could not be loaded. Load this page again.',
  loading: 'Loading …',
  copy: 'Copy',
  copied: 'Copied',
  sections: {
    start: 'Quick start',
    try: 'Try an upload',
    auth: 'Authentication',
    reference: 'Reference',
    pictures: 'Pictures',
    limits: 'Limits',
    errors: 'Errors',
    webhooks: 'Webhooks',
    samples: 'Code samples',
  },
  start: {
    steps: [
      ['Get a token', 'On the command line, or with createApiToken in GraphiQL. It is shown once.'],
      ['Upload', 'A form with the file in the field image. The answer has the address.'],
      ['Show it in any size', 'Ask for it in the address; the result is made once and kept.'],
    ],
    token: 'pichub token create YOUR_NAME --preset everything',
  },
  tester: {
    about: 'This form sends a real request to this server. The image stays there until you delete it.',
    token: 'API token',
    tokenHint: 'Kept in this tab only.',
    signedIn: (name) => `You are signed in as ${name}: without a token, you act as yourself.`,
    nobody: 'Nobody is signed in here: paste a token.',
    drop: 'Drop a picture here',
    choose: 'Choose a file',
    none: 'JPG, PNG, WebP or GIF',
    change: 'Another file',
    optional: 'optional',
    send: 'Send',
    sending: 'Sending …',
    needsFile: 'Choose a file first.',
    request: 'Request',
    response: 'Response',
    waiting: 'What the server answers will stand here.',
    headers: 'Headers',
    body: 'Body',
    asSent: 'As sent',
    asCurl: 'curl',
    took: (milliseconds) => `${milliseconds} ms`,
    unreachable: 'The server could not be reached.',
    open: 'Open the image',
    preview: 'The image that was uploaded',
  },
  auth: {
    about: 'Send a token with every request to the API. Pictures in public albums, or in none, need none.',
    session:
      'Pages of this server may use the cookie of whoever signed in instead. A request that it signs from another page is refused.',
    scopes: 'A token has scopes, and opens what they name:',
    scope: 'Scope',
    opens: 'Opens',
  },
  reference: {
    about: 'Every success is wrapped in data, and lists have meta beside it. Each row opens.',
    parameters: 'Parameters',
    fields: 'Body',
    answer: 'Answer',
    errors: 'Errors',
    scope: 'Scope',
    open: 'open to all',
    inSwagger: 'Try it in Swagger UI',
    required: 'required',
    head: 'HEAD answers the same, without the body.',
  },
  table: {
    name: 'Name',
    values: 'Values',
    fallback: 'If nothing is said',
    about: 'What it does',
    status: 'Status',
    code: 'Code',
    what: 'When',
    limit: 'Limit',
    header: 'Header',
    example: 'Example',
    event: 'Event',
    attempt: 'Attempt',
    after: 'After the one before',
    since: 'After the event',
    type: 'Type',
  },
  pictures: {
    about: 'Every image can be asked for in another size, crop and format, by parameters in its address:',
    examples: 'Examples',
    notes: [
      'Pictures stand upright, in sRGB, without EXIF and GPS. Animated GIF and WebP stay animated in gif and webp.',
      'Public pictures may be cached for a year. Those in a private album are there for their owner and for signed addresses.',
      'A value that is not allowed is 400, and says what is. What is not known is ignored.',
    ],
  },
  limits: {
    about:
      'The limits of this server. Whatever was counted is told in the headers of the answer, errors included.',
    policies: {
      api: 'Requests of an account',
      upload: 'Files that an account uploads',
      failures: 'Tokens and passwords of an address that do not hold',
      misses: 'Pictures that have to be made for an address',
    },
    off: 'no limit',
    per,
    size: 'Size of a file',
    pixels: 'Width × height × frames',
    side: 'Width or height',
    formats: 'Formats that are taken',
    results: 'Formats that are made',
    headers: 'Headers',
  },
  errors: {
    about:
      'Every error has this body. details is a sentence to act on; fields is there where fields of a body are wrong.',
  },
  webhooks: {
    about: 'A webhook is an address of yours that is told what happens, signed as Standard Webhooks says.',
    payload: 'What comes',
    verify: 'Verifying',
    verifyAbout:
      'The secret is in the answer to the creation. Compare in constant time, take the body as it came, and refuse what is older than five minutes.',
    attempts: 'When it fails',
    attemptsAbout:
      'Answer with 2xx within 10 seconds. Anything else is tried again; the same event may come twice, with the same webhook-id.',
    outcomes: 'Outcomes of an attempt',
  },
  samples: {
    about: 'They run as they stand, in Node 20 or newer, in Python with requests, and in a shell.',
    names: {
      upload: 'Upload an image',
      large: 'Upload a large file, in pieces (npm install tus-js-client) or at once',
      list: 'Find images',
      album: 'Make a private album',
      delete: 'Delete an image',
    },
  },
};
