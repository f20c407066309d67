import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './style.css';

import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { createRoot } from 'react-dom/client';

import { accessPlugin, loadUsername } from './access';
import { initialHeaders } from './credentials';
import { examplesPlugin } from './ExamplesPane';
import { TABS } from './examples';
import { fetcher, setSchema } from './fetcher';
import { uploadsPlugin } from './UploadsPane';

const username = await loadUsername();
const headers = initialHeaders(username);
// At the first visit, GraphiQL ignores the variables of the first tab.
const isFirst = localStorage.getItem('graphiql:tabState') === null;

createRoot(document.getElementById('graphiql')!).render(
  <GraphiQL
    fetcher={fetcher}
    onSchemaChange={setSchema}
    customScalarSchemas={{ Upload: {}, JSON: {} }} // the variables editor would mark null for a file as an error
    plugins={[HISTORY_PLUGIN, examplesPlugin, uploadsPlugin, accessPlugin]}
    defaultTabs={TABS.map(({ query, variables }) => ({ query, variables, headers }))}
    {...(isFirst && { initialVariables: TABS[0]!.variables })}
    defaultHeaders={headers}
    defaultEditorToolsVisibility={username !== null ? 'variables' : 'headers'}
    shouldPersistHeaders={false} // headers may contain a token
  >
    <GraphiQL.Logo>
      <h1>PicHub</h1>
    </GraphiQL.Logo>
  </GraphiQL>,
);
