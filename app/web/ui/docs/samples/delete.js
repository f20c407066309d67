const response = await fetch('https://pichub.example/v1/images/IMAGE_ID', {
  method: 'DELETE',
  headers: { Authorization: 'Bearer YOUR_API_TOKEN' },
});
console.log(await response.json());
