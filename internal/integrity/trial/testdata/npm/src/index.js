import './index.css'

window.marks = ['mark-index']
Promise.allSettled([import('./first.js'), import('./second.js')]).then((all) => {
  window.settled = all.map((one) => one.status)
})
