/**
 * Example operations: the files of examples/, sorted by name. Those of examples/tabs are open at the first visit. The first line
 * of a file is a comment with title and description, separated by a colon. NAME.json has the variables of NAME.graphql.
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
    const variables = indent(VARIABLES[path.replace(/graphql$/, 'json')]);
    return { title: title!, about: about!, query, variables };
  });
}

function indent(json: string | undefined): string {
  return json ? JSON.stringify(JSON.parse(json), null, 2) : '';
}
