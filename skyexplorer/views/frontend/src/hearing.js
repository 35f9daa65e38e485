// What Python tells a model whose module came late.
//
// anywidget gives a model two seconds for its module. Where they were too short, since the page was busy (with the start of
// another sky, on a machine without a GPU), it refuses each message from Python from then on: what is seen never changes, and
// nothing tells why. Such a model is made to hear as any other of ipywidgets, and asks for the state that it missed.
const NOTHING = { content: { data: { method: "nothing" } } };

export async function hearAnyway(model) {
  const raw = await model.widget_manager?.get_model(model.get("_me"));
  if (!raw?.comm) return; // another host than ipywidgets, or no kernel: nothing comes
  try {
    await raw._handle_comm_msg(NOTHING);
  } catch {
    // From the class of anywidget, not from the model itself: two views of it may come to this at the same time.
    let anywidgets = Object.getPrototypeOf(raw);
    while (!Object.hasOwn(anywidgets, "_handle_comm_msg")) anywidgets = Object.getPrototypeOf(anywidgets);
    raw._handle_comm_msg = Object.getPrototypeOf(anywidgets)._handle_comm_msg;
    raw.comm.on_msg((message) => raw._handle_comm_msg(message));
    raw.comm.send({ method: "request_state" }, raw.callbacks());
  }
}
