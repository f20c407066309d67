import requests

response = requests.post(
    "https://pichub.example/v1/albums",
    headers={"Authorization": "Bearer YOUR_API_TOKEN"},
    json={"name": "Holidays", "is_public": False},
)
print(response.status_code, response.json()["data"]["id"])
