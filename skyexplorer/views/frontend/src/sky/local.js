// Image surveys without a server: HiPS tiles that came over the widget's channel.
//
// Aladin takes a dictionary {properties: File, moc: File, [order]: {[npix]: {jpg|png: File}}} in
// place of an address. It deletes `properties` after reading, so each HiPS gets files made afresh.

export function isLocal(model, name) {
  return Object.hasOwn(model.get("_local_surveys") ?? {}, name);
}

export function filesOf(set, title) {
  const properties = [
    `obs_title=${title}`,
    `hips_order=${set.max_order}`,
    "hips_order_min=0",
    `hips_tile_width=${set.tile_width}`,
    `hips_tile_format=${set.format === "png" ? "png" : "jpeg"}`,
    `hips_frame=${set.frame}`,
    "dataproduct_type=image",
    "hips_version=1.4",
    "hips_status=public master clonableOnce",
  ].join("\n");
  const files = { properties: new File([properties], "properties") };
  if (set.moc) files.moc = new File([set.moc], "Moc.fits");
  const type = set.format === "png" ? "image/png" : "image/jpeg";
  for (const [key, bytes] of Object.entries(set.tiles)) {
    const [order, npix] = key.split("/");
    files[order] ??= {};
    files[order][npix] = { [set.format]: new File([bytes], `Npix${npix}.${set.format}`, { type }) };
  }
  if (set.format === "png") fillWithNothing(files, set.max_order);
  return files;
}

// A tile that is not in the dictionary is asked of the page's server, which has none.
let blank; // transparent, made once

function fillWithNothing(files, maxOrder) {
  if (!blank) return;
  for (let order = 0; order <= maxOrder; order++) {
    files[order] ??= {};
    for (let npix = 0; npix < 12 * 4 ** order; npix++) files[order][npix] ??= { png: blank };
  }
}

export async function prepareBlank(width = 512) {
  if (blank) return;
  const canvas = new OffscreenCanvas(width, width);
  canvas.getContext("2d").clearRect(0, 0, width, width);
  blank = new File([await canvas.convertToBlob({ type: "image/png" })], "nothing.png", { type: "image/png" });
}

export function localHips(A, model, name) {
  const set = model.get("_local_surveys")[name];
  return A.HiPS(name, { name: set.title, url: filesOf(set, set.title), maxOrder: set.max_order });
}
