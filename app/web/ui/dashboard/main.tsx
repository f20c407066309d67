import { render } from 'preact';

import { App } from './App';
import { applyLanguage } from '../base/language';
import './style.css';
import './library.css';

applyLanguage();
const root = document.getElementById('dashboard')!;
root.replaceChildren();
render(<App />, root);
