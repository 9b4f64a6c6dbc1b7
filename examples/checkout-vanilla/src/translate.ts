import english from './locales/en.json';

type Key = keyof typeof english;

let messages: Record<Key, string> = english;

export let language = 'en';

/* English is in the first load; any other language is a chunk of its own. */
const others: Record<string, () => Promise<{ default: Record<Key, string> }>> = {
  fr: () => import(/* webpackChunkName: "locale-fr" */ './locales/fr.json'),
};

export async function useLanguage(wanted: string): Promise<void> {
  const load = others[wanted];

  if (load) {
    messages = (await load()).default;
    language = wanted;
  }
}

export function translate(key: Key, values: Record<string, string | number> = {}): string {
  return messages[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
}
