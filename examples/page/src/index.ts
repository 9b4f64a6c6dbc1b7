import './style.css';

const total = document.createElement('p');
total.textContent = 'Total: 42.00';

const pay = document.createElement('button');
pay.id = 'pay';
pay.textContent = 'Pay';
pay.addEventListener('click', () => {
  void import('./receipt').then(({ receipt }) => document.body.append(receipt()));
});

document.querySelector('main')?.append(total, pay);
