export { CardNumberField } from './CardNumberField';
export { Hint } from './Hint';
export { IbanField } from './IbanField';
export { TextField } from './TextField';
