import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './style.css';

import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { createRoot } from 'react-dom/client';

import { accessPlugin, refreshed } from './access';
import { headersFor } from './credentials';
import { examplesPlugin } from './ExamplesPane';
import { TABS } from './examples';
import { fetcher, learnSchema } from './fetcher';
import { uploadsPlugin } from './UploadsPane';

const viewer = await refreshed();
const headers = headersFor(viewer);
// At the first visit GraphiQL takes the query of the first tab, and leaves its variables out.
const isFirst = localStorage.getItem('graphiql:tabState') === null;

createRoot(document.getElementById('graphiql')!).render(
  <GraphiQL
    fetcher={fetcher}
    onSchemaChange={learnSchema}
    customScalarSchemas={{ Upload: {}, JSON: {} }} // else the variables editor marks the null that a file takes the place of
    plugins={[HISTORY_PLUGIN, examplesPlugin, uploadsPlugin, accessPlugin]}
    defaultTabs={TABS.map(({ query, variables }) => ({ query, variables, headers }))}
    {...(isFirst && { initialVariables: TABS[0]!.variables })}
    defaultHeaders={headers}
    defaultEditorToolsVisibility={viewer !== null ? 'variables' : 'headers'}
    shouldPersistHeaders={false} // a token is not for a disk
  >
    <GraphiQL.Logo>
      <h1>PicHub</h1>
    </GraphiQL.Logo>
  </GraphiQL>,
);
