// What of the keys pressed in the explorer the notebook must not hear.
//
// It gives plain keys a meaning of its own (B inserts a cell, D D deletes one), also while a button in an output has the focus:
// what is pressed in the explorer stays there, but for Tab, Escape and what is pressed with Ctrl, Alt or Meta. In a box of
// text those that edit text stay, too, and Ctrl by itself: JupyterLab 4 would undo its own cell, and once it has heard of Ctrl
// it keeps the browser from undoing the box. Enter stays wherever in the explorer, and with whatever it is pressed: Ctrl+Enter would
// run the cell, and draw the explorer anew under the hands that are at work in it.
const EDITS = /^([zyxcva]|Control|Meta|Shift)$/i;

export const typing = (node) => Boolean(node.matches?.("input:not([type=range], [type=color], [type=checkbox]), select, textarea, [contenteditable]"));

const passes = (event) => event.ctrlKey || event.metaKey || event.altKey || /^(Tab|Escape|F\d+)$/.test(event.key);
const edits = (event) => (event.ctrlKey || event.metaKey) && EDITS.test(event.key) && typing(event.target);

// Ends the way of a key that is not the notebook's; returns whether it is one that the explorer may have a meaning for.
export function keep(event) {
  const plain = !passes(event);
  if (plain || event.key === "Enter" || edits(event)) event.stopPropagation();
  return plain;
}
