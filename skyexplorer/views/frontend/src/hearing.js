// What Python tells a model whose module came late.
//
// anywidget gives a model two seconds for its module. Where they were too short, since the page was busy (with the start of
// another sky, on a machine without a GPU), it refuses each message from Python from then on: what is seen never changes, and
// nothing tells why. Such a model is made to hear as any other of ipywidgets, and asks for the state that it missed.
const NOTHING = { content: { data: { method: "nothing" } } };

export async function hearAnyway(model) {
  const raw = await model.widget_manager.get_model(model.get("_me"));
  try {
    await raw._handle_comm_msg(NOTHING);
  } catch {
    let own = raw;
    while (!Object.hasOwn(own, "_handle_comm_msg")) own = Object.getPrototypeOf(own);
    raw._handle_comm_msg = Object.getPrototypeOf(own)._handle_comm_msg;
    raw.comm.on_msg((message) => raw._handle_comm_msg(message));
    raw.comm.send({ method: "request_state" }, raw.callbacks());
  }
}
