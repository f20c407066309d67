/** Swagger UI for this server's OpenAPI document. */
import 'swagger-ui-dist/swagger-ui.css';
import './style.css';

import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';

const script = import.meta.url;
const root = new URL('../', script).href; // scripts are in `static/` below the root
const openApi = (await (await fetch(new URL('v1/openapi.json', root))).json()) as object;

const dark = matchMedia('(prefers-color-scheme: dark)');
function applyColorScheme() {
  document.documentElement.classList.toggle('dark-mode', dark.matches);
}
dark.addEventListener('change', applyColorScheme);
applyColorScheme();

SwaggerUI({
  dom_id: '#swagger',
  // The document has the public URL of the server; the page's policy allows requests to its own origin only.
  spec: { ...openApi, servers: [{ url: root.replace(/\/$/, '') }] },
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  validatorUrl: null, // the default is a server on the internet
});
