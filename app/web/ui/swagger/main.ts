/** Swagger UI over this server's own document. */
import 'swagger-ui-dist/swagger-ui.css';
import './style.css';

import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';

const here = import.meta.url;
const root = new URL('../', here).href; // files of pages are in `static/`, just below
const document_ = (await (await fetch(new URL('v1/openapi.json', root))).json()) as object;

const dark = matchMedia('(prefers-color-scheme: dark)');
function dress() {
  document.documentElement.classList.toggle('dark-mode', dark.matches);
}
dark.addEventListener('change', dress);
dress();

SwaggerUI({
  dom_id: '#swagger',
  // The document names the address that people reach the server by. The page may call only the one that it came from.
  spec: { ...document_, servers: [{ url: root.replace(/\/$/, '') }] },
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  validatorUrl: null, // else it would ask a server on the internet
});
