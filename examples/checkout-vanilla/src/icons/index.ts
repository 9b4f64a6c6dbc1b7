export { bankIcon } from './bank';
export { cardIcon } from './card';
export { lockIcon } from './lock';
export { receiptIcon } from './receipt';
export { truckIcon } from './truck';
