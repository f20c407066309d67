/** Code samples from `samples/`, with the URL of this server. Tests run them. */
import { Code, type Tab } from './components';
import { BASE_URL } from './urls';

const FILES = import.meta.glob<string>('./samples/*', { query: '?raw', import: 'default', eager: true });
const LANGUAGES = { js: 'JavaScript', py: 'Python', sh: 'curl' };

export function sample(file: string): string {
  return FILES[`./samples/${file}`]!.trimEnd().replaceAll('https://pichub.example', BASE_URL);
}

/** Return the tabs of a sample, one per language. */
export function sampleTabs(name: string): Tab[] {
  return Object.entries(LANGUAGES).map(([extension, language]) => ({
    name: language,
    content: <Code code={sample(`${name}.${extension}`)} label={`${name}, ${language}`} />,
  }));
}
