import requests

response = requests.delete(
    "https://pichub.example/v1/images/IMAGE_ID",
    headers={"Authorization": "Bearer YOUR_API_TOKEN"},
)
print(response.json())
