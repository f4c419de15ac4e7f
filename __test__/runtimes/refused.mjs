// What is printed where no logger can be made: the error's code and its message.
try {
  const { createLogger } = await import('fapilog')
  createLogger({ levl: 'INFO' })
} catch (error) {
  console.log(`${error.code}\n${error.message}`)
}
