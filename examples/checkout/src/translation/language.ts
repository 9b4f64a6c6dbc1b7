let current = 'en';

export const language = (): string => current;

export function setLanguage(locale: string): void {
  current = locale;
}
