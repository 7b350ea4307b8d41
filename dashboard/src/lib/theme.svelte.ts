/** Light, dark, or as the system is. The choice is the one thing that outlives the page. */

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'tidegauge-theme';
const system = matchMedia('(prefers-color-scheme: dark)');
let chosen = $state<Theme>(remembered());
let systemDark = $state(system.matches);

system.addEventListener('change', ({ matches }) => (systemDark = matches));
apply();

export const theme = {
  get chosen(): Theme {
    return chosen;
  },
  /** What is shown: charts read their colours anew when it changes. */
  get shown(): 'light' | 'dark' {
    return chosen === 'system' ? (systemDark ? 'dark' : 'light') : chosen;
  },
  choose(next: Theme): void {
    chosen = next;
    apply();
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // Without storage the choice holds until the page is left.
    }
  },
};

function apply(): void {
  if (chosen === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = chosen;
}

function remembered(): Theme {
  try {
    const text = localStorage.getItem(KEY);
    return text === 'light' || text === 'dark' ? text : 'system';
  } catch {
    return 'system';
  }
}
