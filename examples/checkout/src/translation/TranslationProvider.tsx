import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';

import english from '../locales/en.json';

import { setLanguage } from './language';

type Messages = typeof english;
export type Translate = (key: keyof Messages, values?: Record<string, string | number>) => string;

/* English is in the first load; any other language is a chunk of its own. */
const others: Record<string, () => Promise<{ default: Messages }>> = {
  fr: () => import(/* webpackChunkName: "locale-fr" */ '../locales/fr.json'),
};

const MessagesContext = createContext(english);

export function TranslationProvider({ locale, children }: { locale: string; children: ReactNode }) {
  const [messages, setMessages] = useState(locale in others ? undefined : english);
  const [problem, setProblem] = useState<unknown>();

  useEffect(() => {
    others[locale]?.().then(
      (loaded) => {
        setLanguage(locale);
        setMessages(loaded.default);
      },
      setProblem,
    );
  }, [locale]);

  if (problem) {
    throw problem;
  }

  return messages ? <MessagesContext.Provider value={messages}>{children}</MessagesContext.Provider> : null;
}

export function useTranslate(): Translate {
  const messages = useContext(MessagesContext);

  return (key, values = {}) => messages[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
}
