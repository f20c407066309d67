/** The files of `samples/`, which tests run, with this server's address in them. */
import { Code, type Tab } from './parts';
import { BASE } from './root';

const FILES = import.meta.glob<string>('./samples/*', { query: '?raw', import: 'default', eager: true });
const LANGUAGES = { js: 'JavaScript', py: 'Python', sh: 'curl' };

export function sample(file: string): string {
  return FILES[`./samples/${file}`]!.trimEnd().replaceAll('https://pichub.example', BASE);
}

/** The same in each language. */
export function samples(name: string): Tab[] {
  return Object.entries(LANGUAGES).map(([extension, language]) => ({
    name: language,
    content: <Code code={sample(`${name}.${extension}`)} label={`${name}, ${language}`} />,
  }));
}
