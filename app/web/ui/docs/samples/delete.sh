curl -X DELETE https://pichub.example/v1/images/IMAGE_ID \
  -H "Authorization: Bearer YOUR_API_TOKEN"
