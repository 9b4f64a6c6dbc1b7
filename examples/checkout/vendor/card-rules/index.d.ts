declare function passesLuhn(cardNumber: string): boolean;

declare namespace passesLuhn {
  function brandOf(cardNumber: string): string;
  const version: string;
}

export = passesLuhn;
