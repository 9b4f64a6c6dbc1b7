export function mark(name) {
  window.marks.push(name)
}

mark('mark-shared')
