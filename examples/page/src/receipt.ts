export function receipt(): HTMLElement {
  const thanks = document.createElement('p');
  thanks.id = 'receipt';
  thanks.textContent = 'Thank you.';
  return thanks;
}
