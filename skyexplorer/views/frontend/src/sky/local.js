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
  return files;
}

export function localHips(A, model, name) {
  const set = model.get("_local_surveys")[name];
  return A.HiPS(name, { name: set.title, url: filesOf(set, set.title), maxOrder: set.max_order });
}
