/** Reports whether a card number's check digit is right (ISO/IEC 7812-1, annex B). */
export function passesLuhn(cardNumber: string): boolean {
  const digits = cardNumber.replace(/[ -]/g, '');

  if (!/^\d{12,19}$/.test(digits)) {
    return false;
  }

  const sum = Array.from(digits, Number)
    .reverse()
    .reduce((total, digit, index) => {
      const doubled = index % 2 ? digit * 2 : digit;

      return total + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);

  return sum % 10 === 0;
}
