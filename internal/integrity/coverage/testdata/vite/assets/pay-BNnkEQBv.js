const o=2;export{o as x};
