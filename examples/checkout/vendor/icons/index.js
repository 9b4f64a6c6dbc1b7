export { IconBank } from './bank.js';
export { IconCard } from './card.js';
export { IconGlobe } from './globe.js';
export { IconLock } from './lock.js';
export { IconReceipt } from './receipt.js';
export { IconTruck } from './truck.js';
export { IconWallet } from './wallet.js';
export { drawn } from './icon.js';
