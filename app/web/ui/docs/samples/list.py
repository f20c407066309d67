import requests

response = requests.get(
    "https://pichub.example/v1/images",
    headers={"Authorization": "Bearer YOUR_API_TOKEN"},
    params={"per_page": 50, "format": "jpg,png", "q": "harbour"},
)
answer = response.json()
for image in answer["data"]:
    print(image["filename"], image["thumbnail_url"])
print(f"page {answer['meta']['current_page']} of {answer['meta']['last_page']}")
