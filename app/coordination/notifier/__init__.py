"""Wake-up calls between tasks and processes: the contract (`base`), in process (`memory`), across servers
(`redis`).
"""
