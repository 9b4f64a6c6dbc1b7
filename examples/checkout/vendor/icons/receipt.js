import { icon } from './icon.js';

export const IconReceipt = icon('receipt', 'M5 2l2 2 2-2 3 2 3-2 2 2 2-2v20l-2-2-2 2-3-2-3 2-2-2-2 2zm3 6v2h8V8zm0 5v2h8v-2z');
