import { Provider } from '@urql/preact';
import { render } from 'preact';

import { App } from './App';
import { client } from './api/client';
import { show } from './language';
import './style.css';
import './library.css';

show();
const root = document.getElementById('dashboard')!;
root.replaceChildren();
render(
  <Provider value={client}>
    <App />
  </Provider>,
  root,
);
