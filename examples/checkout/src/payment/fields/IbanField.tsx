import { TextField } from './TextField';

/** Checks the two check digits of an IBAN (ISO 13616). */
export function passesMod97(iban: string): boolean {
  const compact = iban.replace(/\s/g, '').toUpperCase();

  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(compact)) {
    return false;
  }

  const digits = (compact.slice(4) + compact.slice(0, 4)).replace(/[A-Z]/g, (letter) =>
    String(letter.charCodeAt(0) - 55),
  );

  return Array.from(digits, Number).reduce((rest, digit) => (rest * 10 + digit) % 97, 0) === 1;
}

export function IbanField({ label, invalid }: { label: string; invalid: string }) {
  return (
    <TextField
      label={label}
      name="iban"
      onChange={({ target }) => target.setCustomValidity(passesMod97(target.value) ? '' : invalid)}
    />
  );
}
