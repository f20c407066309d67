import requests

with open("harbour.jpg", "rb") as file:
    response = requests.post(
        "https://pichub.example/v1/upload",
        headers={"Authorization": "Bearer YOUR_API_TOKEN"},
        files={"image": file},
        data={"description": "The harbour at noon"},
    )
answer = response.json()
if not answer["success"]:
    raise SystemExit(answer["error"]["details"])
print(answer["data"]["url"])
