// The API's page: RapiDoc on this server's own document. A credential that is typed in stays in this page's memory.

// The page is at api/docs below whatever prefix a proxy has put before it: so is the API.
const base = new URL('..', document.baseURI).href.replace(/\/$/, '');

const attributes = {
  // The document's own server is the root of this host: this one is taken instead.
  'server-url': base,
  'default-api-server': base,
  'allow-server-selection': 'false',
  'allow-spec-url-load': 'false',
  'allow-spec-file-load': 'false',
  'persist-auth': 'false',
  'load-fonts': 'false',
  'schema-style': 'table',
  'show-header': 'false',
  'show-method-in-nav-bar': 'as-colored-text',
  'use-path-in-nav-bar': 'false',
  'regular-font': "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif",
  'mono-font': "ui-monospace, 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace",
  // Last: it begins to load.
  'spec-url': new URL('openapi.json', document.baseURI).href,
};

// The dashboard's (dashboard/src/styles/tokens.css).
const colours = {
  light: {
    'bg-color': '#ffffff',
    'text-color': '#151a21',
    'primary-color': '#0b5fc6',
    'nav-bg-color': '#f6f7f9',
    'nav-text-color': '#566070',
    'nav-hover-bg-color': '#eef0f4',
    'nav-hover-text-color': '#151a21',
    'nav-accent-color': '#0b5fc6',
    'nav-accent-text-color': '#ffffff',
  },
  dark: {
    'bg-color': '#14181f',
    'text-color': '#e9edf3',
    'primary-color': '#5aa2ff',
    'nav-bg-color': '#0d1015',
    'nav-text-color': '#9aa5b4',
    'nav-hover-bg-color': '#1d232c',
    'nav-hover-text-color': '#e9edf3',
    'nav-accent-color': '#5aa2ff',
    'nav-accent-text-color': '#06121f',
  },
};

const set = (element, values) => {
  for (const [name, value] of Object.entries(values)) element.setAttribute(name, value);
};

// Light or dark as was chosen in the dashboard, else as the system is.
const system = matchMedia('(prefers-color-scheme: dark)');
const chosen = () => {
  try {
    return localStorage.getItem('tidegauge-theme');
  } catch {
    return null; // Storage is forbidden here.
  }
};

// Where there is no room for the bar at the side, everything stands in one list.
const narrow = matchMedia('(max-width: 767px)');

const page = document.createElement('rapi-doc');
const arrange = () => set(page, { 'render-style': narrow.matches ? 'view' : 'focused' });
narrow.addEventListener('change', arrange);
const dress = () => {
  const theme = ['light', 'dark'].includes(chosen()) ? chosen() : system.matches ? 'dark' : 'light';
  document.documentElement.dataset.theme = theme;
  set(page, { theme, ...colours[theme] });
};
system.addEventListener('change', dress);
addEventListener('storage', dress);

const back = document.createElement('a');
back.slot = 'nav-logo';
back.className = 'back';
back.href = '../';
back.textContent = '← Tidegauge';

dress();
arrange();
set(page, attributes);
page.append(back);
document.body.append(page);
