// Fields for a time zone offer the zones that the browser knows; any other may still be typed.
(() => {
  if (!Intl.supportedValuesOf) return;
  const fields = document.querySelectorAll("input[name=time_zone]");
  if (!fields.length) return;
  const list = document.createElement("datalist");
  list.id = "time-zones";
  for (const zone of Intl.supportedValuesOf("timeZone")) {
    const option = document.createElement("option");
    option.value = zone;
    list.append(option);
  }
  document.body.append(list);
  for (const field of fields) field.setAttribute("list", list.id);
})();
