export { language } from './language';
export { TranslationProvider, useTranslate, type Translate } from './TranslationProvider';
