"""Upload clients such as ShareX and PicGo, and configuration files for them (`catalogue`)."""
