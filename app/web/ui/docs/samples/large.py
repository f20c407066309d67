from pathlib import Path

import requests

file = Path("harbour.jpg")
signed = {"Authorization": "Bearer YOUR_API_TOKEN"}
new = {"filename": file.name, "size": file.stat().st_size, "description": "The harbour at noon"}
begun = requests.post("https://pichub.example/v1/uploads", headers=signed, json=new).json()
if not begun["success"]:
    raise SystemExit(begun["error"]["details"])
with file.open("rb") as body:
    answer = requests.put(begun["data"]["url"], headers=signed, data=body).json()
if not answer["success"]:
    raise SystemExit(answer["error"]["details"])
print(answer["data"]["url"])
