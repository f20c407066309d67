/**
 * The operations that GraphiQL offers: files of examples/, in the order of their names. Those of examples/tabs are open when it
 * first opens. A file begins with a comment, which is its title and after a colon what it does; NAME.json beside NAME.graphql has its variables.
 */
export interface Example {
  title: string;
  about: string;
  query: string;
  variables: string;
}

const DOCUMENTS = import.meta.glob<string>('./examples/*/*.graphql', {
  query: '?raw',
  import: 'default',
  eager: true,
});
const VARIABLES = import.meta.glob<string>('./examples/*/*.json', {
  query: '?raw',
  import: 'default',
  eager: true,
});

export const TABS = examplesIn('tabs');
export const EXAMPLES = [...TABS, ...examplesIn('more')];

function examplesIn(folder: string): Example[] {
  const paths = Object.keys(DOCUMENTS).filter((path) => path.startsWith(`./examples/${folder}/`));
  return paths.sort().map((path) => {
    const query = DOCUMENTS[path]!;
    const [, title, about] = /^# ([^:]+): (.*)/.exec(query)!;
    const variables = indented(VARIABLES[path.replace(/graphql$/, 'json')]);
    return { title: title!, about: about!, query, variables };
  });
}

function indented(json: string | undefined): string {
  return json ? JSON.stringify(JSON.parse(json), null, 2) : '';
}
