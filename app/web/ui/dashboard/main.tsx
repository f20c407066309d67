import { render } from 'preact';

import { App } from './App';
import { show } from './language';
import './style.css';
import './library.css';

show();
const root = document.getElementById('dashboard')!;
root.replaceChildren();
render(<App />, root);
