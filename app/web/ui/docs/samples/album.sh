curl https://pichub.example/v1/albums \
  -H "Authorization: Bearer YOUR_API_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{"name": "Holidays", "is_public": false}'
